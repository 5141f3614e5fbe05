from lineage.tracking.notes import LIMIT, LINE, as_note, with_peoples


def test_a_card_is_shown_as_text_without_its_front_matter() -> None:
    card = "---\nlicense: other\n---\n\n# v2\n\nbecause: <img src=x onerror=alert(1)> \x1b[31m, n < 3, `<s>`\n"
    assert as_note(card) == "# v2\n\nbecause: &lt;img src=x onerror=alert(1)> ␛[31m, n < 3, `<s>`\n"


def test_what_people_wrote_is_kept() -> None:
    first = with_peoples("# v2\n", "", told_before=False)
    assert first == "# v2" + LINE
    assert with_peoples("# v2\n", first, told_before=True) == first
    seen = first + "try it on the 2019 papers"
    assert (
        with_peoples("# v2, corrected", seen, told_before=True)
        == "# v2, corrected" + LINE + "try it on the 2019 papers"
    )
    assert with_peoples("# v2", "all mine", told_before=True) == "# v2" + LINE + "all mine"
    assert with_peoples("# v2", "# v2 as an older publish wrote it", told_before=False) == first


def test_a_long_card_is_cut_at_a_line_and_says_so() -> None:
    long = with_peoples("a line of a card\n" * 1000, f"{LINE}kept", told_before=True)
    assert len(long) <= LIMIT
    assert long.endswith(f"a line of a card\n\n(cut here; the whole card is the artifact `card.md`){LINE}kept")
