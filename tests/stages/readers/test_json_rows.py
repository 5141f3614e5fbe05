import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.readers import json_rows
from stages.readers.json_rows import BrokenJSON, decode, items

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_streamed_items_are_those_of_the_whole_file(values: list, chunk: int, ascii_: bool, indent: int | None) -> None:
    text = json.dumps(values, ensure_ascii=ascii_, indent=indent)
    whole, json_rows.CHUNK = json_rows.CHUNK, chunk
    try:
        assert [value for value, _ in items(io.StringIO(text))] == values
        wrapped = io.StringIO(json.dumps({"meta": {"n": 1}, "data": values, "end": 0}))
        assert list(items(wrapped, {"data"})) == [(value, {"meta": {"n": 1}}) for value in values]
    finally:
        json_rows.CHUNK = whole


def test_lists_deep_inside_objects_single_objects_and_json_lines() -> None:
    nested = '{"v": 1, "dataset": {"name": "표", "context_info": [{"a": 1}, {"a": 2}]}}'
    around = {"v": 1, "name": "표"}
    assert list(items(io.StringIO(nested), {"dataset", "context_info"})) == [
        ({"a": 1}, around),
        ({"a": 2}, around),
    ]
    assert list(items(io.StringIO('{"name": "가온", "n": [1]}'), {"data"})) == [({"name": "가온", "n": [1]}, {})]
    assert [v for v, _ in items(io.StringIO('\ufeff{"a": 1}\n{"a": 2}\n'))] == [{"a": 1}, {"a": 2}]
    assert list(items(io.StringIO(" \n"))) == []


def test_figures_stay_as_they_are_written() -> None:
    assert decode('{"a": 2.50, "b": 1e5, "c": 12345678901234567890, "d": NaN}') == {
        "a": "2.50",
        "b": "1e5",
        "c": 12345678901234567890,
        "d": None,
    }


@pytest.mark.parametrize(
    ("text", "line", "given"),
    [
        ('[\n{"a": 1},\n{"a": 2},\n]', 4, 2),
        ('[\n{"a": 1}\n{"a": 2}]', 3, 1),
        ('[\n{"a": 1},\n{"a": "cut', 3, 1),
        ('{"data": [{"a": 1}', 1, 1),
        ("[\n{'a': 1}]", 2, 0),
        ("<html>", 1, 0),
        ("[" + "[" * 100_000, 1, 0),
        ('[{"a": ' + "9" * 5000 + "}]", 1, 0),
    ],
)
def test_a_broken_file_names_the_line_and_gives_what_came_before(text: str, line: int, given: int) -> None:
    found = []
    with pytest.raises(BrokenJSON) as error:
        for value, _ in items(io.StringIO(text), {"data"}):
            found.append(value)
    assert (error.value.line, len(found)) == (line, given)


def test_one_line_must_hold_one_value() -> None:
    with pytest.raises(BrokenJSON, match="more text"):
        decode('{"a": 1} {"a": 2}')
