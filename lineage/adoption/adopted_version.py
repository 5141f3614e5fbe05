"""A version that was trained elsewhere: what `train` does for it is to check `data/adopted/<version>` and publish it.

The adapter came there by `lineage adopt`, and the hash of its tensors stands in `versions.<version>.train.adopted`. Its
record has the fields of every other, so that all that reads records reads this one; what nobody here knows is null, and
`adopted` says where it came from:

    "adopted": {"tool": "TRL", "stated_base": "Qwen/Qwen2-7B-Instruct", "original": {"sha256": "…"}, "notes": ["…"]}
"""

import csv
import json
import shutil
from math import prod
from pathlib import Path
from typing import Any

from lineage.adapters.tensors import check_values, read_header
from lineage.adoption.base_check import linear_layers
from lineage.adoption.compatibility import PLACE, fits, write_config
from lineage.adoption.source_folder import CONFIG, WEIGHTS
from lineage.base_model.loading import BASE_FOLDER, base_record
from lineage.config.schema import BASE, Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of, write_json
from lineage.training.job import HISTORY
from lineage.training.parent import open_parent


def publish_adopted(c: Curriculum, version: str, out: Path) -> str:
    """Write adapter, tokenizer, `lineage.json` and an empty `history.csv` of an adopted version into `out`.

    Returns what was done, in a line.

    Raises:
        LineageError: the files are gone or changed, or no longer fit base, template or chain; with the command to run.
    """
    from transformers import AutoTokenizer

    base = base_record()
    spec, folder = c.versions[version], PLACE / version
    again = f"adopt it again: lineage adopt <folder> --as {version} --parent {spec.parent}"
    origin, config = (_read(folder / name, again) for name in ("adopted.json", CONFIG))
    file = folder / WEIGHTS
    if (found := sha256(file) if file.is_file() else "no file") != spec.train.adopted:
        raise LineageError(
            f"{file}: its SHA-256 is {found[:12]}, versions.{version}.train.adopted says "
            f"{str(spec.train.adopted)[:12]}; bring it back with `dvc checkout {folder}.dvc`, or {again}"
        )
    against = {"base": base["identity"], "template": base["template"]["sha256"]}
    for what, now in against.items():
        if origin["against"][what] != now:
            raise LineageError(
                f"{folder}: it was adopted under another {what} ({origin['against'][what][:12]}, now {now[:12]}); "
                f"{again}"
            )
    open_parent(spec.parent, base)
    header = read_header(file)
    lora, names, _ = fits(config, header, linear_layers(BASE_FOLDER), c.chain.lora, file)
    check_values(file, names)
    if lora != c.lora_of(version):
        raise LineageError(
            f"versions.{version}.train.r: it is {c.lora_of(version).r}, the adapter's is {lora.r}; {again}"
        )

    shutil.copyfile(file, out / WEIGHTS)
    write_config(lora, base, out)
    AutoTokenizer.from_pretrained(BASE_FOLDER).save_pretrained(out)
    with (out / "history.csv").open("w", encoding="utf-8", newline="") as table:
        csv.writer(table, lineterminator="\n").writerow(HISTORY)
    record = {
        "version": version,
        "parent": spec.parent,
        "parent_adapter": _parent_adapter(spec.parent),
        "base": {
            "identity": base["identity"],
            "origin": base["origin"],
            "load": "4bit" if c.active.load_in_4bit else c.active.compute_dtype,
        },
        "mix": {
            "sha256": None,
            "rows": 0,
            "tokens": 0,
            "supervised_tokens": 0,
            "supervised_share": None,
            "sources": {},
        },
        "template": against["template"],
        "lora": lora.model_dump(mode="json"),
        "seed": c.seed,
        "steps": 0,  # here; elsewhere nobody knows
        "trained_tokens": 0,
        "adapter": spec.train.adopted,
        "adopted": {name: value for name, value in origin.items() if name not in ("adapter", "against", "lora")},
        "requested": {},
        "effective": {},
        "trainable_parameters": sum(prod(shape) for _, shape in header.values()),
        "eight_bit_share": None,
        "packages": {},  # whichever trained it
        "code": None,
    }
    write_json(
        out / "lineage.json", record | {"fingerprint": sha256_of(record)}
    )  # last: its existence means "complete"
    adapter = record["adapter"][:12]
    return f"{version}: adopted from {origin['tool']}, adapter {adapter}; what it was trained on is unknown"


def _read(path: Path, again: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if path.name == "adopted.json":
            value["tool"], value["against"]["base"], value["against"]["template"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LineageError(
            f"{path}: cannot be read ({error!r}); bring it back with `dvc checkout {path.parent}.dvc`, or {again}"
        ) from error
    return value


def _parent_adapter(parent: str) -> str | None:
    if parent == BASE:
        return None
    record: dict[str, str] = json.loads(paths.training_record(parent).read_text(encoding="utf-8"))
    return record["adapter"]
