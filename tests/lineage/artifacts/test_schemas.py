"""`docs/schemas` says what the types say."""

import json

import jsonschema
import pytest

from lineage.artifacts.schemas import ARTIFACTS, COMMAND, FOLDER, schema_file, schema_of
from tests.lineage.artifacts import samples


@pytest.mark.parametrize("name", ARTIFACTS)
def test_the_schema_of_an_artifact_is_the_one_of_its_type(name: str) -> None:
    file = schema_file(name)
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
    assert found == schema_of(name), f"{file.name} is not what the type says; run: {COMMAND}"


def test_no_schema_is_left_of_a_type_that_is_gone() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {schema_file(name).name for name in ARTIFACTS}


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("adapter_manifest", samples.MANIFEST),
        ("adapter_manifest", samples.OLD_MANIFEST),
        ("adapter_manifest", samples.TWO_PHASES),
        ("adapter_manifest", samples.ADOPTED),
        ("base_manifest", samples.BASE),
        ("mix_summary", samples.MIX),
    ],
)
def test_a_file_satisfies_the_published_schema(name: str, sample: object) -> None:
    jsonschema.validate(sample, json.loads(schema_file(name).read_text(encoding="utf-8")))
