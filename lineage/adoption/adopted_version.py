"""A version that was trained elsewhere: what `train` does for it is to check `data/adopted/<version>` and publish it.

The adapter came there by `lineage adopt`, and the hash of its tensors stands in `versions.<version>.train.adopted`. Its
manifest has the fields of every other, so that all that reads manifests reads this one; what nobody here knows is null,
and `adopted` says where it came from:

    "adopted": {"tool": "TRL", "stated_base": "Qwen/Qwen2-7B-Instruct", "original": {"sha256": "…"}, "notes": ["…"]}
"""

import csv
import json
import shutil
from math import prod
from pathlib import Path
from typing import Any

from lineage.adapters.tensors import check_values, read_header
from lineage.adoption.adoption_manifest import NAME, Adoption, parsed_adoption
from lineage.adoption.base_check import linear_layers
from lineage.adoption.compatibility import PLACE, fits, write_config
from lineage.adoption.source_folder import CONFIG, WEIGHTS
from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import AdapterManifest, LoadedBase, TrainedMix, write_manifest
from lineage.base_model.loading import BASE_FOLDER
from lineage.config.schema import Curriculum
from lineage.config.version import ResolvedVersion
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of
from lineage.training.job import HISTORY
from lineage.training.parent import open_parent


def publish_adopted(c: Curriculum, v: ResolvedVersion, out: Path) -> str:
    """Write adapter, tokenizer, `lineage.json` and an empty `history.csv` of an adopted version into `out`.

    Returns what was done, in a line.

    Raises:
        LineageError: the files are gone or changed, or no longer fit base, template or chain; with the command to run.
    """
    from transformers import AutoTokenizer

    base = read_base()
    version, spec, folder = v.name, v.spec, PLACE / v.name
    again = f"adopt it again: lineage adopt <folder> --as {version} --parent {spec.parent}"
    adoption, config = _noted(folder / NAME, again), _config(folder / CONFIG, again)
    file = folder / WEIGHTS
    if (found := sha256(file) if file.is_file() else "no file") != spec.train.adopted:
        raise LineageError(
            f"{file}: its SHA-256 is {found[:12]}, versions.{version}.train.adopted says "
            f"{str(spec.train.adopted)[:12]}; bring it back with `dvc checkout {folder}.dvc`, or {again}"
        )
    against = adoption.against
    for what, same, was, now in (
        ("base", base.is_called(against.base), against.base, base.identity),
        ("template", against.template == base.template.sha256, against.template, base.template.sha256),
    ):
        if not same:
            raise LineageError(f"{folder}: it was adopted under another {what} ({was[:12]}, now {now[:12]}); {again}")
    parent = open_parent(v.parent, base)
    header = read_header(file)
    lora, names, _ = fits(config, header, linear_layers(BASE_FOLDER), c.chain.lora, file)
    check_values(file, names)
    if lora != v.lora:
        raise LineageError(f"versions.{version}.train.r: it is {v.lora.r}, the adapter's is {lora.r}; {again}")

    shutil.copyfile(file, out / WEIGHTS)
    write_config(lora, base, out)
    AutoTokenizer.from_pretrained(BASE_FOLDER).save_pretrained(out)
    with (out / "history.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerow(HISTORY)
    manifest = AdapterManifest(
        version=version,
        parent=v.parent,
        parent_adapter=parent.adapter if parent else None,
        base=LoadedBase(
            identity=base.identity,
            origin=base.origin,
            load="4bit" if c.active.load_in_4bit else c.active.compute_dtype,
        ),
        mix=TrainedMix(sha256=None, rows=0, tokens=0, supervised_tokens=0, supervised_share=None, sources={}),
        template=base.template.sha256,
        lora=lora,
        seed=c.seed,
        steps=0,  # here; elsewhere nobody knows
        trained_tokens=0,
        adapter=found,
        adopted=adoption.origin,
        requested={},
        effective={},
        trainable_parameters=sum(prod(shape) for _, shape in header.values()),
        eight_bit_share=None,
        packages={},  # whichever trained it
        fingerprint="",
        code=None,
    )
    named = {k: value for k, value in manifest.to_json().items() if k not in ("fingerprint", "version", "parent")}
    write_manifest(out, manifest.model_copy(update={"fingerprint": sha256_of(named)}))
    return f"{version}: adopted from {adoption.tool}, adapter {found[:12]}; what it was trained on is unknown"


def _noted(path: Path, again: str) -> Adoption:
    return parsed_adoption(_bytes(path, again), path, _back(path, again))


def _config(path: Path, again: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(_bytes(path, again))
    except ValueError as error:
        raise LineageError(f"{path}: cannot be read ({error!r}); {_back(path, again)}") from error
    return value


def _bytes(path: Path, again: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LineageError(f"{path}: cannot be read ({error!r}); {_back(path, again)}") from error


def _back(path: Path, again: str) -> str:
    return f"bring it back with `dvc checkout {path.parent}.dvc`, or {again}"
