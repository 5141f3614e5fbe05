"""What people and files say stands in a table of the UI as it is."""

from flows.run_summary import as_text


def test_words_are_shown_and_not_obeyed() -> None:
    said = "data/raw/[보고서] a|b.pdf <img src=x> *new* \x1b[31mred & `x`\nnext"
    shown = as_text(said)
    for sign in ("|", "[", "<", "*", "`", "\x1b", "\n"):
        assert sign not in shown
    assert shown.startswith("data/raw/&#91;보고서&#93; a&#124;b.pdf &#60;img src=x&#62; ")
    assert "&amp;" in shown
