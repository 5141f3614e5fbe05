import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.readers.io import json_window
from lineage.readers.io.json_rows import items
from lineage.readers.io.json_window import BrokenJSON, GivenTwice, decode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_streamed_items_are_those_of_the_whole_file(values: list, chunk: int, ascii_: bool, indent: int | None) -> None:
    text = json.dumps(values, ensure_ascii=ascii_, indent=indent)
    whole, json_window.CHUNK = json_window.CHUNK, chunk
    try:
        assert [value for value, _ in items(io.StringIO(text))] == values
        wrapped = io.StringIO(json.dumps({"meta": {"n": 1}, "data": values, "end": 0}))
        assert list(items(wrapped, {"data"})) == [(value, {"meta": {"n": 1}}) for value in values]
    finally:
        json_window.CHUNK = whole


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
        ('[\n{"a": 1},\n{"a": 2}\n', 4, 2),
        ('[\n{"a": 1},\n{"a": "cut', 3, 1),
        ('{"data": [{"a": 1}', 1, 1),
        ('[{"a": "x"y"},{"a": 2},{"a": 3}]', 1, 0),
        ('{"data": [{"a": 1}], "b": oops}', 1, 1),
        ("<html>", 1, 0),
        ("[" + "[" * 100_000, 1, 0),
    ],
)
def test_a_broken_file_names_the_line_and_gives_what_came_before(text: str, line: int, given: int) -> None:
    found = []
    with pytest.raises(BrokenJSON) as error:
        for value, _ in items(io.StringIO(text), {"data"}):
            found.append(value)
    assert (error.value.line, len(found)) == (line, given)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('[{"a": [1, 2,],}, {"a": 2},]', [{"a": [1, 2]}, {"a": 2}]),
        ('[{"a": ",]"},, {"a": 2,}]', [{"a": ",]"}, {"a": 2}]),
        ('[{"a": 1} {"a": 2}]', [{"a": 1}, {"a": 2}]),
        ('{"a": 1}{"a": 2}', [{"a": 1}, {"a": 2}]),
        ('[{"a": "한\t줄\n두 줄"}]', [{"a": "한\t줄\n두 줄"}]),
    ],
)
def test_damage_that_changes_no_value_is_passed_over(text: str, values: list) -> None:
    assert [value for value, _ in items(io.StringIO(text))] == values


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}, {"a": "그는 "네"라고"}, {"a": 2}]',
        '[{"a": 1}, {"a": "\\d"}, {"a": 2}]',
        '[{"a": 1}, {"a": Infinity}, {"a": 2}]',
        '[{"a": 1}, {"b": ' + "9" * 5000 + '}, {"a": 2}]',
        '[\n  {"a": 1},\n  {"a": "홀"수"},\n  {"a": 2}\n]',
        '{"data": [\n  {\n    "a": 1\n  },\n  {\n    "a": "x"y",\n    "b": [\n      {}\n    ]\n  },\n'
        '  {\n    "a": 2\n  }\n]}',
        '{"a": 1}\n{"a": "cut\n{"a": 2}\n',
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_a_broken_item_stands_in_its_place(text: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_window, "CHUNK", chunk)
    first, broken, last = (value for value, _ in items(io.StringIO(text), {"data"}))
    assert (first, last) == ({"a": 1}, {"a": 2}) and isinstance(broken, BrokenJSON)


def test_where_the_next_item_is_not_sure_nothing_is_swallowed() -> None:
    """A stray quote turns the inside of texts out: the rows behind it must not pass for one broken row."""
    text = '[{"a": 1}, {"a": "x"y"}, {"a": "2"}, {"a": "x"y"}, {"a": 3}]'
    given = []
    with pytest.raises(BrokenJSON):
        for value, _ in items(io.StringIO(text)):
            given.append(value)
    assert given == [{"a": 1}]


def test_a_list_under_an_unknown_key_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_window, "MAX_VALUE", 1 << 16)
    text = json.dumps({"rows": [{"a": "x" * 100}] * 10_000})
    with pytest.raises(BrokenJSON, match="more than 65,536 characters"):
        list(items(io.StringIO(text), {"data"}))


def test_lines_that_hold_lists_of_their_own() -> None:
    text = '{"meta": 1, "sents": [{"a": 1}]}\n{"meta": 2, "sents": [{"a": 2}]}\n'
    assert list(items(io.StringIO(text), {"sents"})) == [({"a": 1}, {"meta": 1}), ({"a": 2}, {"meta": 2})]


def test_one_line_must_hold_one_value() -> None:
    with pytest.raises(BrokenJSON, match="more text"):
        decode('{"a": 1} {"a": 2}')


TWICE = '{"a": "A", "a": "B"}'


@pytest.mark.parametrize(
    "text",
    [
        f'[{{"a": 1}}, {TWICE}, {{"a": 2}}]',
        f'[\n  {{"a": 1}},\n  {TWICE},\n  {{"a": 2}}\n]',
        f'[{{"a": 1}}, {{"a": [{{"b": {TWICE}}}]}}, {{"a": 2}}]',
        f'{{"v": 1, "data": [{{"a": 1}}, {TWICE}, {{"a": 2}}]}}',
        f'{{"a": 1}}\n{TWICE}\n{{"a": 2}}\n',
        f'{{"a": 1}}\n{{"a": {{"b": {TWICE}}}}}\n{{"a": 2}}\n',
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_an_item_that_says_two_things_under_one_name(text: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_window, "CHUNK", chunk)
    first, twice, last = (value for value, _ in items(io.StringIO(text), {"data"}))
    assert (first, last) == ({"a": 1}, {"a": 2})
    assert isinstance(twice, GivenTwice) and "'A' and 'B' are both a" in str(twice)
    assert twice.line == 1 + text[: text.index('"B"')].count("\n")


def test_what_a_file_says_twice_around_its_rows() -> None:
    """The first line of a file is one of its rows; around rows nothing may be in doubt that they are read by."""
    first, second = (value for value, _ in items(io.StringIO(f'{TWICE}\n{{"a": 2}}\n')))
    assert isinstance(first, GivenTwice) and second == {"a": 2}
    with pytest.raises(GivenTwice):
        list(items(io.StringIO('{"title": "가", "title": "나", "data": [{"a": 1}]}'), {"data"}))
    read = [value for value, _ in items(io.StringIO('{"data": [{"a": 1}], "v": 1, "v": 2}'), {"data"})]
    assert read[0] == {"a": 1} and isinstance(read[1], GivenTwice)


@pytest.mark.parametrize("text", ['{"a": "A", "a": "A"}', '{"a": "", "a": "A"}', '{"a": "A", "a": null}'])
def test_the_same_thing_twice_is_said_once(text: str) -> None:
    assert decode(text) == {"a": "A"}
    assert [value for value, _ in items(io.StringIO(f"[{text}, {text}]"))] == [{"a": "A"}] * 2
    assert [value for value, _ in items(io.StringIO(text))] == [{"a": "A"}]


def test_an_empty_value_stays_what_it_is() -> None:
    assert decode('{"b": "", "c": null, "a": 1, "a": 1}') == {"b": "", "c": None, "a": 1}
    with pytest.raises(GivenTwice):
        decode('{"a": 0, "a": false, "a": 1}')
