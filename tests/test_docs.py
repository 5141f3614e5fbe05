"""What the pages say is true: commands parse, links lead somewhere, samples and examples are what the code makes.

The walk through a user's own data is run line by line in tests/test_own_data.py.
"""

import argparse
import configparser
import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from lineage.cli.check import check
from lineage.config.load import load_curriculum, parse_curriculum
from lineage.core.paths import training_record
from lineage.records.record import from_json
from tests.lineage.readers.conftest import Folder, folder  # noqa: F401 (a fixture)
from tests.shown import ELSEWHERE, HEREDOC, PAGES, ROOT, Shown, blocks, commands, read, spans
from tests.workspace import shipped_curriculum

EXAMPLES = ("lineage/readers/disclosures.py", "tests/lineage/readers/test_disclosures.py")  # of docs/add-a-reader.md
ROOM = re.compile(r"(lineage|stages|flows|tests|docs|benchmarks|\.ci)/[\w./-]*\w")


class Parsed(BaseException):
    """What a command's own parser made of its arguments; nothing after it runs."""


def parsed(run: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> tuple[Any, list[str]]:
    """What the outermost parser of a command line finds, and the arguments that it does not know."""
    depth = 0

    def outermost(original: Callable[..., Any]) -> Callable[..., Any]:
        def parse(*given: Any, **named: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                found = original(*given, **named)
            finally:
                depth -= 1
            if depth == 0:
                raise Parsed(*found)
            return found

        return parse

    with monkeypatch.context() as patch:
        for name in ("parse_known_args", "parse_known_intermixed_args"):
            patch.setattr(argparse.ArgumentParser, name, outermost(getattr(argparse.ArgumentParser, name)))
        try:
            run()
        except Parsed as found:
            return found.args
    raise AssertionError("the command parsed no arguments")


def documented_curriculum() -> dict[str, Any]:
    """The shipped curriculum with the source and the version that the pages add to it."""
    tree = shipped_curriculum()
    for page in ("docs/add-a-reader.md", "docs/add-a-version.md"):
        for block in blocks(page, language="yaml"):
            for room, entries in yaml.safe_load(block.text).items():
                tree[room] |= entries
    return tree


def targets() -> set[str]:
    """Every stage that `dvc repro` accepts under the curriculum of the pages."""
    tree = documented_curriculum()
    found: set[str] = set()
    for name, stage in yaml.safe_load(read("dvc.yaml"))["stages"].items():
        found.add(name)
        if "foreach" in stage:
            found |= {f"{name}@{key}" for key in tree[stage["foreach"].strip("${}")]}
    return found


def known_by(parse: Callable[[list[str]], Any], words: list[str], *, mention: bool) -> None:
    """The arguments parse; a mention in a sentence, `dvc remote add`, may leave out all but the command's name."""
    try:
        parse(words)
    except SystemExit:
        if not mention or any(word.startswith("-") for word in words):
            raise AssertionError(f"{' '.join(words)} is not accepted") from None
        with pytest.raises(SystemExit) as helped:
            parse([*words, "--help"])
        assert helped.value.code == 0, f"{' '.join(words)} is no command"


def resolve_lineage(words: list[str], monkeypatch: pytest.MonkeyPatch, mention: bool) -> None:
    from lineage.cli.main import main

    def parse(arguments: list[str]) -> None:
        _, rest = parsed(lambda: main(arguments), monkeypatch)
        assert arguments[0] == "ui" or not rest, f"unknown arguments {rest}"

    known_by(parse, words, mention=mention)


def resolve_dvc(words: list[str], monkeypatch: pytest.MonkeyPatch, mention: bool) -> None:
    from dvc.cli import DvcParserError, parse_args

    def parse(arguments: list[str]) -> None:
        try:
            parse_args(arguments)
        except DvcParserError:
            raise SystemExit(2) from None

    known_by(parse, words, mention=mention)
    if words[0] in ("repro", "status", "commit"):
        unknown = {word for word in words[1:] if not word.startswith("-")} - targets()
        assert not unknown, f"no such stage: {unknown}"
    if words[0] == "add":
        tree = documented_curriculum()
        for path in map(Path, words[1:]):
            assert path.parent.as_posix() in ("data/raw/own", "data/adopted"), path
            assert path.name in tree["sources"] | tree["versions"], path


def resolve_make(words: list[str], monkeypatch: pytest.MonkeyPatch, mention: bool) -> None:
    made = re.findall(r"^([\w-]+):", read("Makefile"), re.M)
    assert words[0] in made, f"the Makefile has {', '.join(made)}"


def resolve_pytest(words: list[str], monkeypatch: pytest.MonkeyPatch, mention: bool) -> None:
    markers = re.findall(r'^  "(\w+):', read("pyproject.toml"), re.M)
    options = iter(words)
    for word in options:
        if word == "-m":
            named = set(re.findall(r"\w+", next(options))) - {"and", "not", "or"}
            assert named <= set(markers), f"markers are {', '.join(markers)}"
        elif not word.startswith("-"):
            assert (ROOT / word).exists(), f"{word} is not there"


def resolve_python(words: list[str], monkeypatch: pytest.MonkeyPatch, mention: bool) -> None:
    if words[0] == "-":  # a script that follows; see test_the_comparison_of_two_locks
        return
    assert words[0] == "-m", words
    assert importlib.util.find_spec(words[1]), f"no module {words[1]}"
    module = importlib.import_module(words[1]) if words[1].startswith("benchmarks.") else None
    if hasattr(module, "argparse"):  # the others would run
        monkeypatch.setattr(sys, "argv", words[1:])
        assert parsed(module.main, monkeypatch)[1] == [], "unknown arguments"


def resolve_pip(words: list[str], monkeypatch: pytest.MonkeyPatch, mention: bool) -> None:
    assert words[0] == "install", words
    for extra in re.findall(r"\.\[(\w+)\]", " ".join(words)):
        assert re.search(rf"^{extra} = \[", read("pyproject.toml"), re.M), f"no extra {extra}"
    for package in (word for word in words[1:] if "==" in word):
        assert f'"{package}"' in read("pyproject.toml"), package
    if "--constraint" in words:
        assert (ROOT / words[words.index("--constraint") + 1]).is_file()


RESOLVE = {
    "lineage": resolve_lineage,
    "dvc": resolve_dvc,
    "make": resolve_make,
    "pytest": resolve_pytest,
    "python": resolve_python,
    "pip": resolve_pip,
}


def shown_commands() -> Iterator[Any]:
    for command in commands():
        yield pytest.param(command, id=f"{command.page}:{command.line}: {command.text[:60]}")


@pytest.mark.parametrize("command", shown_commands())
def test_a_command_that_is_shown_is_there(command: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    program, *words = shlex.split(command.filled)
    if program in ("ruff", "mypy", "lint-imports"):
        assert shlex.join([program, *words]) in read("Makefile"), "make lint runs something else"
    elif program not in ELSEWHERE:
        assert program in RESOLVE, "neither a command of this project nor in ELSEWHERE"
        RESOLVE[program](words, monkeypatch, not command.language)


def test_the_two_commands_come_first() -> None:
    first = next(blocks("README.md", language="sh"))
    assert [line.split("  ")[0] for line in first.text.splitlines()] == ["make lineage", "make test"]


def slug(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        place = (ROOT / page).parent / file if file else ROOT / page
        if not place.is_file():
            lost.append(target)
        elif anchor and anchor not in [slug(h) for h in re.findall(r"^#+ (.*)$", place.read_text("utf-8"), re.M)]:
            lost.append(f"{target}: no such heading")
    assert lost == []


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#\s]+)", read("README.md")))
    assert set(PAGES) - {"README.md"} <= linked


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page: str) -> None:
    named = {span.text for span in spans(page) if ROOM.fullmatch(span.text)} - set(EXAMPLES)
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_what_is_added_to_params_is_a_valid_curriculum() -> None:
    c = parse_curriculum(documented_curriculum())
    assert c.ancestors("v7")[0] == "v6"


def pasted(block: str) -> str:
    """params.yaml with an example's entries below the headings of their names, and fields below their entries."""
    text = read("params.yaml")
    for room in re.split(r"^(?=\w)", block, flags=re.M)[1:]:
        heading, _, entries = room.partition("\n")
        name, _, rest = heading.partition(":")
        assert not rest.partition("#")[0].strip(), "an example goes below its heading, line by line"
        found = re.search(rf"^{name}:.*\n", text, re.M)
        assert found, f"params.yaml has no heading {name}"
        for entry in re.split(r"^(?=  \w)", entries, flags=re.M)[1:]:
            first, _, fields = entry.partition("\n")
            section = re.match(r"(?:(?!\w).*\n)*", text[found.end() :])
            there = re.search(rf"^{re.escape(first)}\n", section[0] if section else "", re.M)
            at = found.end() + (there.end() if there else 0)
            text = text[:at] + (fields if there else entry) + text[at:]
    return text


@pytest.mark.parametrize("block", [pytest.param(b, id=f"{b.page}:{b.line}") for b in blocks(language="yaml")])
def test_an_example_is_accepted_as_it_is_pasted(
    block: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`lineage check` takes the shipped curriculum with it, and all that was built before still can be."""
    text = pasted(block.text).replace("reader: disclosures", "reader: prompt_response")  # the guide's own: see below
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    check(load_curriculum())
    said = " ".join(capsys.readouterr().out.split())
    buildable = set(re.findall(r"(\w+) can be built: dvc repro", said))
    assert buildable == set(shipped_curriculum()["versions"])
    if "v7" in yaml.safe_load(block.text).get("versions", {}):
        assert "v7 cannot be built: the sample world has no files for quarterly_reports; set data: own" in said


def test_the_picture_has_every_room_in_the_order_of_the_contract() -> None:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    layers = contract["importlinter:contract:layers"]["layers"].split("\n")
    rooms = [set(re.findall(r"\w+", layer)) - {"lineage"} for layer in layers if layer.strip()]
    picture = next(block.text for block in blocks("docs/architecture.md") if "────" in block.text)
    drawn = [set(re.split(r"\s{2,}", layer)) for layer in picture.split("─\n")]
    at = [next((i for i, names in enumerate(drawn) if layer <= names), None) for layer in rooms]
    assert None not in at, f"not drawn: {[layer for layer, found in zip(rooms, at, strict=True) if found is None]}"
    assert at == sorted(set(at)), "drawn in another order"


def test_the_graph_is_drawn_as_dvc_yaml_draws_it() -> None:
    drawn = re.findall(r"[a-z]{3,}(?=@|[ ,─\n])", "".join(b.text for b in blocks("docs/architecture.md")))
    assert set(yaml.safe_load(read("dvc.yaml"))["stages"]) - {"baseline"} <= set(drawn)


def test_every_long_test_has_its_cost_in_the_table() -> None:
    listed = re.findall(r"^\| `(tests/[\w/]+\.py)` \|", read("CONTRIBUTING.md"), re.M)
    slow = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "tests").rglob("test_*.py")
        if "pytest.mark.slow" in file.read_text(encoding="utf-8") and file.name != Path(__file__).name
    }
    assert slow - set(listed) == set(), "CONTRIBUTING.md does not say what they cost"
    assert set(listed) - slow == set(), "CONTRIBUTING.md lists what is no long test"


def samples() -> dict[str, Any]:
    """The samples of docs/formats.md by the first path that is named before each, hashes written out."""
    text = read("docs/formats.md")
    found: dict[str, Any] = {}
    for block in re.finditer(r"^```json\n(.*?)^```$", text, re.M | re.S):
        path = named_before(text, block.start())
        whole = re.sub(r"\.([0-9a-f]{2,8})…\"", lambda m: f'.{m[1]:0<16}"', block[1])
        whole = re.sub(r"(?<=\")([0-9a-f]{2,8})…\"", lambda m: f'{m[1]:0<64}"', whole)
        assert path not in found, f"two samples of {path}"
        found[path] = json.loads(whole)
    return found


def named_before(text: str, place: int) -> str:
    """The file of which a place in docs/formats.md speaks."""
    return str(re.findall(r"^`([\w<>.-]*/[\w/<>.-]+)`", text[:place], re.M)[-1])


SAMPLES = samples()


def test_every_sample_fits_its_schema() -> None:
    import jsonschema

    text = read("docs/formats.md")
    named = [(named_before(text, found.start()), found[1]) for found in re.finditer(r"\((schemas/[\w.]+)\)", text)]
    there = {f"schemas/{file.name}" for file in (ROOT / "docs/schemas").glob("*.json")}
    assert there <= {schema for _, schema in named}, "an artifact with a schema has no sample on the page"
    for path, schema in named:
        jsonschema.validate(SAMPLES[path], json.loads(read(f"docs/{schema}")))


def test_the_sample_of_a_record_is_one() -> None:
    sample = SAMPLES["data/records/<source>/records.jsonl"]
    assert json.loads(from_json(json.dumps(sample)).to_json()) == sample


def test_samples_have_the_fields_of_a_lineage_that_was_built(lineage_here: Path) -> None:
    """Of what the tiny lineage of the tests holds; beyond what depends on data and settings."""
    for path, fields_below in {
        "models/base/base.json": (),
        "models/<version>/lineage.json": ("base", "mix", "mix.sources.*", "lora"),
        "data/mixes/<version>/mix.json": ("own.*", "replay", "excluded"),
        "metrics/<version>/measures.json": ("sets.*",),
        "metrics/<version>/rows.jsonl": (),
        "metrics/<version>/answers.jsonl": (),
    }.items():
        lines = Path(path.replace("<version>", "v3")).read_text(encoding="utf-8")
        real = json.loads(lines.splitlines()[0] if path.endswith("l") and "jsonl" in path else lines)
        for field in ("", *fields_below):
            assert below(SAMPLES[path], field) == below(real, field), f"{path} {field}"
    header = Path("data/mixes/v3/left_out.csv").read_text(encoding="utf-8").splitlines()[0]
    history = training_record("v3").with_name("history.csv").read_text(encoding="utf-8").splitlines()[0]
    tables = [block.text.splitlines()[0] for block in blocks("docs/formats.md", language="")]
    assert tables == [header, history]


def below(value: Any, path: str) -> set[str]:
    """The fields of an object inside a value; `*` is its first entry."""
    for name in filter(None, path.split(".")):
        value = next(iter(value.values())) if name == "*" else value[name]
    return set(value)


def test_the_reader_of_the_guide_passes_the_test_of_the_guide(
    folder: Folder,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import lineage.readers

    code, test = (block.text for block in blocks("docs/add-a-reader.md", language="python"))
    reader = ModuleType("lineage.readers.disclosures")
    exec(compile(code, "disclosures.py", "exec"), reader.__dict__)
    monkeypatch.setitem(sys.modules, reader.__name__, reader)
    monkeypatch.setattr(lineage.readers, "disclosures", reader, raising=False)
    tests = ModuleType("test_disclosures")
    exec(compile(test, "test_disclosures.py", "exec"), tests.__dict__)
    found = [value for name, value in vars(tests).items() if name.startswith("test_")]
    assert len(found) == 2
    for number, one in enumerate(found):
        place = Folder(folder.path / str(number))
        place.path.mkdir()
        one(place)
    assert set(reader.FORMS) >= set(documented_curriculum()["sources"]["disclosures"]["forms"])


DIFFERS = "more than code differs: "


@pytest.mark.parametrize(
    ("change", "seed", "said"),
    [
        (lambda train: train["deps"].append({"path": "lineage/training", "md5": "c"}), 1, "only code differs"),
        (lambda train: train.pop("params"), 1, "only code differs"),
        (lambda train: train["deps"][0].update(md5="f"), 1, f"{DIFFERS}train@v1"),
        (lambda train: train["outs"][0].update(md5="f"), 1, f"{DIFFERS}train@v1"),
        (lambda train: train.pop("params"), 2, f"{DIFFERS}base, train@v1"),
    ],
)
def test_the_comparison_of_two_locks(change: Callable[[Any], Any], seed: int, said: str, tmp_path: Path) -> None:
    """`change` is of what the new lock says of train@v1, `seed` stands in params.yaml now; it was 1."""
    (script,) = (found for block in blocks("CHANGELOG.md", language="sh") for found in HEREDOC.findall(block.text))

    def stage(name: str) -> dict[str, Any]:
        return {
            "cmd": f"python -m stages.{name}",
            "deps": [{"path": "models/base", "md5": "a"}, {"path": "stages/train.py", "md5": "b"}],
            "params": {"params.yaml": {"seed": 1, "profiles.cpu": {"threads": 1}}},
            "outs": [{"path": f"models/{name}", "md5": "e"}],
        }

    old, new = ({name: stage(name) for name in ("base", "train@v1")} for _ in range(2))
    change(new["train@v1"])
    now = {"seed": seed, "profiles": {"cpu": {"threads": 1}}}
    for name, tree in {"old.lock": {"stages": old}, "dvc.lock": {"stages": new}, "params.yaml": now}.items():
        (tmp_path / name).write_text(yaml.safe_dump(tree), encoding="utf-8")
    command = [sys.executable, "-", "old.lock", "dvc.lock", "params.yaml"]
    done = subprocess.run(command, input=script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == f"2 stages; {said}\n", done.stderr
    assert done.returncode == said.startswith(DIFFERS)
