"""The base and adapters that vLLM has loaded, as `lineage.chat.voices.Voices` has those of this process."""

import json
import shutil
from pathlib import Path
from typing import Any

import httpx

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import opened_adapter
from lineage.config.schema import BASE
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import appearing, sha256
from lineage.serving.vllm_program import ServedAdapter, refused

COPIED = ("adapter_config.json", paths.WEIGHTS)


def copy_of(version: str, name: str) -> tuple[ServedAdapter, str]:
    """A version's adapter where nothing changes it, to be asked by a name; and its SHA-256.

    vLLM may read a folder again at any time, and the version's own may be trained again.

    Raises:
        LineageError: it is not what its record says, or is of another base or template.
    """
    adapter = opened_adapter(version, read_base()).adapter
    folder = paths.served_adapter(adapter)
    if not folder.is_dir() or sha256(folder / paths.WEIGHTS) != adapter:
        with appearing(folder) as (out,):
            for file in COPIED:
                shutil.copyfile(paths.adapter(version) / file, out / file)
            if sha256(out / paths.WEIGHTS) != adapter:
                raise LineageError(f"{version} was trained again while it was copied; start again")
    shape = json.loads((folder / COPIED[0]).read_text(encoding="utf-8"))
    return ServedAdapter(name, folder, shape), adapter


class VllmVoices:
    """Who answers at vLLM's socket. tokenizer: the base's, with the chain's template."""

    def __init__(self, socket: Path, tokenizer: Any, room: int | None, weights: dict[str, str]) -> None:
        self.socket, self.tokenizer, self.room, self.weights = socket, tokenizer, room, weights
        self._client = httpx.Client(transport=httpx.HTTPTransport(uds=str(socket)), base_url="http://vllm", timeout=600)

    def take_in(self, version: str, name: str) -> str:
        """Have vLLM load a version's adapter as it lies in the workspace now; it speaks as `name`.

        Raises:
            LineageError: it is not what its record says, or vLLM cannot serve it.
        """
        if read_base().identity != self.weights[BASE]:
            raise LineageError(f"{version}: it is of another base than the one that is loaded; start again")
        one, adapter = copy_of(version, name)
        if why := list(refused(version, one.shape)):
            raise LineageError(f"vLLM cannot serve it: {'; '.join(why)}")
        self._post("/v1/load_lora_adapter", {"lora_name": name, "lora_path": str(one.folder.absolute())})
        self.weights[name] = adapter
        return adapter

    def try_out(self, voice: str) -> None:
        """Have it say something, whatever it is; what cannot speak raises."""
        self._post("/v1/completions", {"model": voice, "prompt": [0], "max_tokens": 2, "temperature": 0})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        try:
            answer = self._client.post(path, json=body)
        except httpx.HTTPError as error:
            raise LineageError(f"vLLM is away ({type(error).__name__})") from error
        if answer.status_code != 200:
            raise LineageError(f"vLLM said: {said_wrong(answer.text)}")


def said_wrong(body: str) -> str:
    """What vLLM says of a request that failed."""
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:500]
