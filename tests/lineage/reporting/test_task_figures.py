"""What a card tells of a set beside NLL and score."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from lineage.artifacts.comparison import read_comparison
from lineage.artifacts.set_figures import OptionPlaces
from lineage.reporting.report import report
from tests.lineage.reporting.reported_world import edit_set, small_curriculum, write_world

PLACES = {"right": [10, 10], "picked": [18, 2], "p": 0.008, "verdict": "biased", "favoured": [0], "avoided": [1]}


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The card of v4 in a reported world in which some of its sets have figures."""
    c = small_curriculum()
    write_world(tmp_path, c)
    bleu = {"bleu.zh": {"value": 0.1234, "interval": [0.1, 0.15], "rows": 20}}
    shares = {
        name: {"value": value, "interval": [0.0, 0.6], "rows": 40} for name, value in (("empty", 0), ("cut", 0.5))
    }
    edit_set(tmp_path, "v3", "rules.record", figures={"bleu.zh": {"value": 0.1, "interval": None, "rows": 20}})
    edit_set(
        tmp_path,
        "v4",
        "rules.record",
        figures=bleu | shares,
        confusion={"labels": ["A|", "B"], "counts": [[3, 1, 0], [0, 2, 4]]},
    )
    edit_set(
        tmp_path,
        "v4",
        "questions.record",
        places=PLACES,
        figures={"letter_bias": {"value": 0.4, "interval": None, "rows": 20}},
    )
    (tmp_path / "reports").mkdir()
    monkeypatch.chdir(tmp_path)
    report(c, Path("reports"))
    return (tmp_path / "reports/cards/v4.md").read_text(encoding="utf-8")


def test_a_card_tells_the_figures_of_its_own_sets(card: str) -> None:
    assert "| rules.record | BLEU into Chinese | 10.0 | 12.3 | 10.0 to 15.0 | of 20 rows |" in card
    said = "biased: A is picked 18 times and right 10, B is picked 2 times and right 10"
    assert f"| questions.record | letter bias | – | 40% | none | {said} |" in card
    assert "empty answers" not in card and "| cut |" not in card.split("### Not asked")[0]


def test_a_card_shows_which_label_was_said(card: str) -> None:
    tables = MarkdownIt().enable("table").render(card)
    assert "<td>B</td>" in tables and card.count("| 0 | 2 | 4 |") == 1
    assert tables.count("A|") == 2, "a label with a bar stays in its cell"


def test_the_comparison_has_the_figures(tmp_path: Path, card: str) -> None:
    one = read_comparison(tmp_path).versions["v4"].sets["rules.record"]
    assert one.figures["bleu.zh"].value == 0.1234 and one.parent_figures["bleu.zh"].value == 0.1
    assert one.confusion and one.confusion.counts[1] == (0, 2, 4)


def test_a_verdict_on_letters_is_a_sentence() -> None:
    even = OptionPlaces.model_validate(PLACES | {"verdict": "even", "favoured": [], "avoided": []})
    assert even.said == "no letter is picked more or less often than it is right, beyond noise"
    assert even.model_copy(update={"verdict": "too_few"}).said == "too few rows for a verdict"
