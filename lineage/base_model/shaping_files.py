"""The files of a base that shape what it says: each with a hash, and all of them together with one, its identity.

Weights, config, tokenizer, and the defaults that a server generates with. Where they lie has no part in it, nor has
what a library notes about itself in them, nor the base's own chat template, which the chain's takes the place of.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.core.files import sha256, sha256_of

# All of these are fetched from a hub, so that the same commit has the same identity on every machine.
FILES = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
)
EARLIER = ("*.safetensors", "config.json", "tokenizer.json")  # all that an identity covered before
# Fields that say nothing about the model.
NO_PART = {
    "generation_config.json": {"transformers_version", "_from_model_config"},
    "tokenizer_config.json": {"transformers_version", "name_or_path", "tokenizer_file", "chat_template"},
}


def hashes(folder: Path) -> dict[str, str]:
    """Name → hash of every file in `folder` that shapes what the base says, sorted by name.

    Raises:
        LineageError: a file of settings is not a JSON object.
    """
    found = {file.name: file for pattern in FILES for file in folder.glob(pattern) if file.is_file()}
    return {name: shaping_hash(found[name]) for name in sorted(found)}


def shaping_hash(file: Path) -> str:
    """The SHA-256 of a file, of settings that of the fields that shape an answer.

    Raises:
        LineageError: a file of settings is not a JSON object.
    """
    if file.name not in NO_PART:
        return sha256(file)
    try:
        fields: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return sha256_of({name: value for name, value in fields.items() if name not in NO_PART[file.name]})
    except (ValueError, AttributeError) as error:
        raise LineageError(f"base model {file}: not a JSON object ({error}); fetch it again") from error


def identity(files: dict[str, str], stop: str) -> str:
    """The identity of a base: a hash of its files and its stop token, which may stand in none of them."""
    lines = [*(f"{name} {files[name]}" for name in sorted(files)), f"stop {stop}"]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def earlier_identity(files: dict[str, str], stop: str) -> str:
    """The same over the files that it covered before."""
    covered = {name: hashed for name, hashed in files.items() if any(Path(name).match(pattern) for pattern in EARLIER)}
    return identity(covered, stop)
