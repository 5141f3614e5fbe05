import json
import os
import shutil
import socket
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from lineage.artifacts.ingest_counts import write_ingest_counts
from lineage.base_model import shipped_templates
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import appearing
from lineage.datacards import cards as stage
from lineage.datacards import counting, o200k
from lineage.datacards.checking import mistakes
from lineage.datacards.counting import ANSWER_CUT, PROMPT_TOO_LONG, bucket
from lineage.records.record import qa
from lineage.training.tokenized_mix import tokenize_mix
from tests import tiny
from tests.lineage.artifacts import samples
from tests.lineage.reporting.reported_world import ROOT, put, small_curriculum

C = small_curriculum()
MAX_LENGTH = C.active.max_length
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]


def record(source, n, answer="", prompt="", **rest):
    return qa(
        prompt or f"{n}번 문항은 무엇입니까?",
        answer or f"{n}번 문항의 답은 자산이다.",
        group=f"g{n}",
        origin={"file": "a.jsonl", "row": n},
        **rest,
    ).placed(source, C.sources[source].licence)


def write(path, records):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(r.to_json() + "\n" for r in records), encoding="utf-8")


def source(name, records, heldout, form="prompt_answer", **counts):
    write(f"data/records/{name}/records.jsonl", records)
    write(f"data/heldout/{name}/{form}.jsonl", heldout)
    found = {"duplicates": 1, "rejected": {"no answer": 2}} | counts
    write_ingest_counts(Path(f"data/records/{name}"), tiny.counts(name, len(records), len(heldout), **found))


def mix(version, own, replay=(), **left_out):
    write(f"data/mixes/{version}/own.jsonl", own)
    write(f"data/mixes/{version}/replay.jsonl", replay)
    put(
        Path(f"data/mixes/{version}/mix.json"),
        samples.MIX | {"duplicates": {}, "excluded": samples.MIX["excluded"] | {"dropped": {"rules": 2}}} | left_out,
    )


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([f"{n}번 문항의 답은 자산이다." for n in range(50)], trainer)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path


@pytest.fixture
def here(tmp_path, monkeypatch, tokenizer_file):
    """Sources of every kind of licence and two mixes, in a workspace of one's own."""
    monkeypatch.chdir(tmp_path)
    Path("models/base").mkdir(parents=True)
    shutil.copy(tokenizer_file, "models/base/tokenizer.json")
    Path("models/base/chat_template.jinja").write_text(shipped_templates.template("chatml"), encoding="utf-8")
    template = {"name": "chatml", "sha256": "t" * 64}
    put(Path("models/base/base.json"), samples.BASE | {"template": template})
    source(
        "krx_samples", [record("krx_samples", n) for n in range(1200)], [record("krx_samples", -n) for n in range(9)]
    )
    plain = [record("metamath", n, prompt=f"How many shares does Bora have after {n}?") for n in range(8)]
    tricky = record("metamath", 99, answer="```\n| **total** | **7** |\n```", prompt="`|` 표를 그리시오")
    source("metamath", [*plain, tricky], [record("metamath", -1)])
    source("reddit_enko", [record("reddit_enko", 1)], [])
    source("rules", [], [], rejected={})
    long = [record("accounting", 1, prompt="가" * 3000), record("accounting", 2, answer="나" * 3000)]
    source("accounting", [*long, record("accounting", 3)], [])
    mix("v1", [record("krx_samples", n) for n in range(1200)])
    mix(
        "v2",
        [*long, record("accounting", 3), *plain, *plain],
        [record("krx_samples", 5)],
        duplicates={"metamath": 3},
        superseded={"rules": 4},
    )
    return tmp_path


def build(c=C):
    with appearing(paths.CARDS) as (out,):
        stage.cards(c, out)
    return paths.CARDS


def card(name):
    return (paths.CARDS / f"{name}.md").read_text(encoding="utf-8")


def facts(name):
    return json.loads((paths.CARDS / f"{name}.json").read_text(encoding="utf-8"))


def table(text, first):
    """The rows of the table whose first column is called so, without its line of dashes."""
    lines = text[text.index(f"| {first} |") :].splitlines()
    block = lines[: lines.index("")]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in (block[0], *block[2:])]


def test_the_cards_stand_their_own_check_and_name_what_is_not_made(here):
    build()
    assert mistakes() == []
    text = card("index")
    assert table(text, "source")[1][:3] == ["[krx_samples](sources/krx_samples.md)", "1,200", "9"]
    assert table(text, "mix")[-1][1] == "**1,219**"
    assert "without a card: financial_reports" in text and "v4_clean" in text


def test_rows_and_characters_are_those_of_the_files(here):
    build()
    trained, held, total = table(card("sources/krx_samples"), "rows are")[1:]
    characters = sum(
        len(turn["content"])
        for line in Path("data/records/krx_samples/records.jsonl").read_text().splitlines()
        for turn in json.loads(line)["turns"]
    )
    assert trained[:4] == ["to train on", "prompt_answer", "1,200", f"{characters:,}"]
    assert held[:3] == ["held out", "prompt_answer", "9"] and total[2] == "**1,209**"


def test_a_row_taken_twice_counts_twice_and_replay_is_told_apart(here):
    build()
    rows = {row[0]: row for row in table(card("mixes/v2"), "source")}
    assert rows["metamath"][2:5] == ["16", "0", "16"] and rows["krx_samples"][2:5] == ["0", "1", "1"]
    assert len({s["id"] for p in facts("mixes/v2")["parts"] for s in p["samples"]}) == 3 + 3, "each shown once"


TAMPERINGS = {
    "a row's figure": ("sources/krx_samples.md", "| 1,200 |", "| 1,201 |", "the total says"),
    "row and total alike": ("sources/reddit_enko.md", "| 1 | ", "| 2 | ", "the files hold 1"),
    "a total": ("mixes/v2.md", "**20**", "**21**", "the total says 21"),
    "a mix's tokens": ("mixes/v1.json", '"tokens": ', '"tokens": 1', "v1.json holds"),
    "the index": ("index.md", "| 1,200 | 9 |", "| 1,199 | 10 |", "index.md says"),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_a_tampered_figure_is_caught(here, what):
    name, old, new, caught = TAMPERINGS[what]
    path = build() / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert any(caught in line for line in mistakes()), mistakes()


def test_a_row_moved_between_histogram_buckets_and_a_lost_bucket_are_caught(here):
    path = build() / "sources/krx_samples.md"
    text = path.read_text(encoding="utf-8")
    _, *buckets, _ = table(text, "row, in tokens")
    lost = next(line for line in text.splitlines() if line.startswith(f"| {buckets[0][0]} |"))
    path.write_text(text.replace(lost + "\n", ""), encoding="utf-8")
    assert any("the histogram of row, in tokens" in line for line in mistakes())


def test_data_that_changed_and_cards_that_are_missing_or_left_over_are_caught(here):
    build()
    write("data/mixes/v1/own.jsonl", [record("krx_samples", 1)])
    (paths.CARDS / "sources/metamath.md").unlink()
    shutil.rmtree("data/records/reddit_enko")
    said = "\n".join(mistakes())
    assert "data/mixes/v1/own.jsonl was changed since" in said and "the card says 1200, the files hold 1" in said
    assert "metamath.md: not found" in said and "delete data/records/metamath and data/heldout/metamath" in said
    assert "reddit_enko.md: its rows are not here" in said


class Plain:
    """What training asks of a tokenizer, by the same file."""

    def __init__(self, path):
        from tokenizers import Tokenizer

        self.inner = Tokenizer.from_file(str(path))
        self.chat_template = shipped_templates.template("chatml")
        self.added_tokens_decoder = self.inner.get_added_tokens_decoder()
        self.all_special_tokens = ()

    def __call__(self, text, add_special_tokens):
        return {"input_ids": self.inner.encode(text, add_special_tokens=add_special_tokens).ids}

    @property
    def eos_token_id(self):
        return self.inner.token_to_id("<|im_end|>")


def test_tokens_are_those_that_training_counts_and_a_false_record_is_caught(here):
    build()
    tokens = tokenize_mix(Path("data/mixes/v2"), Plain("models/base/tokenizer.json"), "t", MAX_LENGTH).summary()
    kept = sum(p["tokens"] - p["too_long_tokens"] for p in facts("mixes/v2")["parts"])
    assert tokens["tokens"] == kept and tokens["sources"]["accounting"]["rows"] == 1
    put(Path("models/v2/lineage.json"), samples.manifest(mix=tokens))
    assert mistakes() == []
    tokens["sources"]["metamath"]["tokens"] += 1
    put(Path("models/v2/lineage.json"), samples.manifest(mix=tokens))
    assert [line for line in mistakes() if "v2's manifest has" in line]


def test_rows_that_are_too_long_are_counted_by_reason(here):
    build()
    assert dict(table(card("sources/accounting"), "why")[1:3]) == {PROMPT_TOO_LONG: "1", ANSWER_CUT: "1"}
    assert f"longer than the {MAX_LENGTH} tokens" in card("sources/accounting")
    assert "No row is longer" in card("sources/krx_samples")


@pytest.mark.parametrize(("tokens", "edge"), [(1, 16), (16, 16), (17, 32), (32, 32), (33, 64), (2048, 2048)])
def test_buckets_are_powers_of_two(tokens, edge):
    assert bucket(tokens) == edge


def test_samples_are_shown_only_where_the_licence_allows_it(here):
    build()
    forbidden, unknown, allowed = (card(f"sources/{s}") for s in ("krx_samples", "reddit_enko", "metamath"))
    assert "no samples, redistribution is forbidden (KRX material)" in forbidden and "문항" not in forbidden
    assert "whether they may be redistributed is unknown" in unknown and "문항" not in unknown
    for line in Path(paths.CARDS, "sources/krx_samples.json").read_text(encoding="utf-8").splitlines():
        assert "문항" not in line, "nor in the facts beside the card"
    shown = [s["id"] for p in facts("sources/metamath")["parts"] if p["part"] == "records" for s in p["samples"]]
    ids = [json.loads(line)["id"] for line in Path("data/records/metamath/records.jsonl").read_text().splitlines()]
    assert shown == sorted(ids, key=lambda at: sha256(at.encode()).hexdigest())[:3]
    assert all(f"`{at}`" in allowed for at in shown)
    assert "문항" not in card("mixes/v1") and "How many shares" in card("mixes/v2")


def test_what_was_left_out_is_listed_by_reason(here):
    build()
    assert table(card("sources/krx_samples"), "why")[1:] == [
        ["rejected: no answer", "2"],
        ["the same as another one", "1"],
        ["**total**", "**3**"],
    ]
    rows = card("mixes/v2").split("## Left out")[1]
    assert "| metamath | repeats another row | 3 |" in rows and "| rules | overtaken by a later amendment | 4 |" in rows
    assert "| **total** |  | **9** |" in rows


def test_front_matter_is_what_the_hub_reads(here):
    build()
    front = yaml.safe_load(card("sources/metamath").split("---\n")[1])
    assert front["license"] == "mit" and front["language"] == ["ko", "en"]
    assert front["task_categories"] == ["question-answering"] and front["size_categories"] == ["n<1K"]
    assert [split["num_examples"] for split in front["dataset_info"]["splits"]] == [9, 1]
    size = sum(Path(p).stat().st_size for p in facts("sources/metamath")["files"])
    assert front["dataset_info"]["dataset_size"] == size
    krx = yaml.safe_load(card("sources/krx_samples").split("---\n")[1])
    assert (krx["license"], krx["license_name"], krx["size_categories"]) == ("other", "krx", ["1K<n<10K"])


def test_a_source_without_rows_has_a_card_that_says_so(here):
    build()
    text = card("sources/rules")
    assert "There are no rows: the folder of this source holds no files." in text
    assert "| [rules](sources/rules.md) | 0 | 0 | 0 | 0 | 0 | KRX material |" in card("index")


def test_benchmarks_withdrawn_sources_and_pinned_hubs_say_so(here):
    hub = C.sources["metamath"].hub.model_copy(update={"revision": "a" * 40})
    changed = {
        "krx_samples": C.sources["krx_samples"].model_copy(update={"heldout": 1.0}),
        "reddit_enko": C.sources["reddit_enko"].model_copy(update={"withdrawn": "all"}),
        "metamath": C.sources["metamath"].model_copy(update={"hub": hub, "withdrawn": ("0" * 64,)}),
    }
    build(C.model_copy(update={"sources": C.sources | changed}))
    assert "A benchmark: every row is held out" in card("sources/krx_samples")
    assert "the whole source was taken out" in card("sources/reddit_enko")
    assert f"at commit `{'a' * 40}`" in card("sources/metamath") and "1 document(s)" in card("sources/metamath")


def test_only_what_is_new_is_counted_and_the_cache_changes_no_byte(here, monkeypatch):
    build()
    before = {p: p.read_bytes() for p in sorted(paths.CARDS.rglob("*")) if p.is_file()}
    counted, real = [], counting._count
    monkeypatch.setattr(counting, "_count", lambda file, ruler: counted.append(file.as_posix()) or real(file, ruler))
    build()
    assert counted == [] and {p: p.read_bytes() for p in before} == before
    mix("v3", [record("metamath", 1)])
    build()
    assert counted == ["data/mixes/v3/own.jsonl"], "its empty replay is the one of v1"
    shutil.rmtree(".state")
    build()
    assert {p: p.read_bytes() for p in before if p.name not in ("index.md",)} == {
        p: old for p, old in before.items() if p.name not in ("index.md",)
    }


def test_without_a_base_it_says_what_to_run(here):
    Path("models/base/tokenizer.json").unlink()
    with pytest.raises(LineageError, match="dvc repro base"):
        build()


def test_the_check_is_a_command_that_fails_on_a_mistake(here):
    tree = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    Path("params.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")

    def run(*command):
        command = [sys.executable, "-m", *command]
        environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
        return subprocess.run(command, env=environment, capture_output=True, text=True)

    done = run("stages.cards")
    assert done.returncode == 0 and "5 sources with 1,223 rows" in done.stdout, done.stderr
    assert run("lineage.cli.main", "cards", "--check").returncode == 0
    path = paths.CARDS / "mixes/v1.md"
    path.write_text(path.read_text().replace("**1,200**", "**1,300**"))
    done = run("lineage.cli.main", "cards", "--check")
    assert done.returncode == 1 and "mixes/v1.md: own: the total says 1,300" in done.stderr


# o200k_base


@pytest.fixture
def no_network(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("nothing is downloaded")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR", raising=False)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_o200k_base_is_openais_without_a_network(no_network):
    public = o200k.encoding()
    assert public.n_vocab == 200_019 and len(public.token_byte_values()) == 199_998
    # Figures of OpenAI's own tokenizer for this vocabulary.
    for text, tokens in (("hello world", 2), ("안녕하세요", 2), ("자본시장과 금융투자업에 관한 법률", 12)):
        assert len(public.encode_ordinary(text)) == tokens
    figures = "△3.5%(전년 12.1%) ￦1,234 「자본시장법」 제3조의2①"
    assert public.decode(public.encode_ordinary(figures)) == figures
    assert "TIKTOKEN_CACHE_DIR" not in os.environ


def test_ranks_that_are_not_openais_are_refused(no_network, monkeypatch):
    monkeypatch.setattr(o200k, "SHA256", "0" * 64)
    with pytest.raises(LineageError, match=r"o200k_base\.tiktoken\.gz: SHA-256 446a9538cb6c"):
        o200k.encoding()
    monkeypatch.setattr(o200k, "PACKED", "data/none.gz")
    with pytest.raises(LineageError, match="pip install bpe-openai"):
        o200k.encoding()


def test_all_supervised_answers_of_a_conversation_are_counted_and_all_its_turns_shown(here):
    talks = [
        tiny.talk("metamath", "금리란?", "값", f"{n}?", "물가", supervise=how) for n, how in enumerate(("last", "all"))
    ]
    mix("v1", talks)
    build()
    tokens = tokenize_mix(Path("data/mixes/v1"), Plain("models/base/tokenizer.json"), "t", MAX_LENGTH).summary()
    (part,) = [p for p in facts("mixes/v1")["parts"] if p["part"] == "own"]
    assert (part["tokens"], part["supervised_tokens"]) == (tokens["tokens"], tokens["supervised_tokens"])
    assert {s["prompt"] for s in part["samples"]} == {f"user: 금리란?\nassistant: 값\nuser: {n}?" for n in (0, 1)}
