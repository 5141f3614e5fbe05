"""The base's corpus holds no question of the sample world, held out or not, and is the same for the same seed."""

import json
from itertools import islice

from lineage.base_model import tiny_corpus
from lineage.sample_world.arithmetic import metamath
from lineage.sample_world.questions import problems, questions


def test_no_question_of_the_world_is_in_it() -> None:
    rows = tiny_corpus.rows(20_000, 1)
    text = "\n".join(r if isinstance(r, str) else "\n".join(t["content"] for t in r) for r in rows)
    files = [*metamath().values(), *questions().values(), *problems().values()]
    asked = {row.get("question") or row["query"] for file in files for row in json.loads(file.decode("utf-8-sig"))}
    assert len(asked) > 3000
    assert [question for question in asked if question in text] == []


def test_the_same_seed_gives_the_same_rows() -> None:
    assert list(islice(tiny_corpus.rows(50, 3), 50)) == list(islice(tiny_corpus.rows(50, 3), 50))
    assert list(islice(tiny_corpus.rows(50, 3), 50)) != list(islice(tiny_corpus.rows(50, 4), 50))
