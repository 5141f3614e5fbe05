"""Entries are put in and taken out as text: nothing else of params.yaml changes."""

import pytest
import yaml

from lineage.config.entries import with_entry, without_entry
from lineage.core.errors import LineageError
from tests.workspace import ROOT

SOURCE = {"title": "메모: 2025", "forms": ["record"], "heldout": 0.1}
TEXT = """\
papers: {}        # sources that come as PDFs

sources:
    # the first
    one:
        title: |
            Two lines

            # and no comment
    two: &two {title: x}    # the second

# The versions form a tree.
versions:
    v1: {mix: *two}
    v2:
        mix: *two
# the end
"""


def test_an_entry_lands_behind_the_last_one_and_before_what_explains_the_next_field() -> None:
    text = with_entry(TEXT, "sources", "memos", SOURCE)
    assert text == TEXT.replace(
        "# the second\n",
        "# the second\n    memos:\n      title: '메모: 2025'\n      forms: [record]\n      heldout: 0.1\n",
    )
    assert with_entry(TEXT, "versions", "v3", {"mix": {"two": {"weight": 1}}}) == TEXT.replace(
        "        mix: *two\n# the end", "        mix: *two\n    v3:\n      mix:\n        two: {weight: 1}\n# the end"
    )


def test_an_empty_field_is_opened_and_what_is_said_behind_it_stays() -> None:
    text = with_entry(TEXT, "papers", "memos", {"ocr": False})
    assert text == TEXT.replace("papers: {}        # sources", "papers:        # sources").replace(
        "PDFs\n", "PDFs\n  memos: {ocr: false}\n"
    )
    assert yaml.safe_load(with_entry("a: {}", "a", "b", {"c": 1})) == {"a": {"b": {"c": 1}}}
    assert with_entry("a: {b: 1} # c\n", "a", "d", {"e": [1]}) == "a: {b: 1, d: {e: [1]}} # c\n"


@pytest.mark.parametrize("field", ["papers", "sources", "versions", "licences"])
def test_what_was_put_in_is_taken_out_again(field: str) -> None:
    for text in (TEXT, (ROOT / "params.yaml").read_text(encoding="utf-8")):
        if field in yaml.safe_load(text):
            more = with_entry(text, field, "more", SOURCE)
            before, after = yaml.safe_load(text), yaml.safe_load(more)
            assert after == before | {field: before[field] | {"more": SOURCE}}
            if before[field]:
                assert without_entry(more, field, "more") == text


def test_the_last_entry_leaves_an_empty_field() -> None:
    text = "sources:   # all\n  one:\n    title: x\n\n# next\nversions: {}\n"
    assert without_entry(text, "sources", "one") == "sources: {}   # all\n\n# next\nversions: {}\n"


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(LineageError, match="licences: not found"):
        with_entry(TEXT, "licences", "x", {})
    with pytest.raises(LineageError, match="papers: is written in braces"):
        without_entry(TEXT.replace("{}", "{a: {b: 1}}"), "papers", "a")
