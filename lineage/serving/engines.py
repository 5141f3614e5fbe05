"""Who makes the answers: vLLM where it is installed and there is a GPU, otherwise transformers."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from lineage.artifacts.base_manifest import read_base
from lineage.base_model.loading import text_config, weights_of
from lineage.config.schema import BASE, Curriculum
from lineage.core import machine, paths
from lineage.core.errors import LineageError
from lineage.evaluation import inference
from lineage.serving import vllm_program
from lineage.serving.served_models import ServedModels, as_loaded
from lineage.serving.vllm_program import PROGRAM
from lineage.serving.vllm_speaker import VllmSpeaker
from lineage.serving.vllm_voices import VllmVoices, copy_of

Engine = Literal["auto", "vllm", "transformers"]


def chosen(asked: Engine, c: Curriculum, versions: Sequence[str]) -> tuple[str | None, str]:
    """vLLM's program, or None where transformers makes the answers; and why.

    Raises:
        LineageError: vLLM is asked for, and is not here or cannot serve a version.
    """
    if asked == "transformers":
        return None, "as asked"
    program = vllm_program.installed()
    if not program:
        where = f"one in an environment of its own is named by {PROGRAM}=/path/to/it/bin/vllm"
        if asked == "vllm":
            raise LineageError(f"--engine vllm: there is no program vllm; {where}")
        return None, f"there is no program vllm ({where})"
    if asked == "auto" and not machine.gpus():
        return None, "there is no GPU for vLLM"
    refused = [f"profiles.{c.profile}: {line}" for line in vllm_program.refused_of_base(c.active, program)]
    for version in versions:
        if version != BASE:
            refused += vllm_program.refused(version, _shape(version))
    if refused and asked == "vllm":
        raise LineageError(f"--engine vllm: it cannot serve all of it: {'; '.join(refused)}. Use --engine transformers")
    if refused:
        return None, f"vLLM cannot serve all of it: {'; '.join(refused)}"
    return program, "as asked" if asked == "vllm" else "it is installed, and there is a GPU"


@contextmanager
def served_by_vllm(
    c: Curriculum, versions: Sequence[str], program: str, socket: Path
) -> Iterator[tuple[ServedModels, VllmSpeaker]]:
    """The base and versions at a vLLM that is started for it, and ends with the block.

    Args:
        c: the curriculum.
        versions: with or without the base, which is served in any case.
        program: vLLM's.
        socket: where it is to listen; nothing is there yet.

    Raises:
        LineageError: a version is not what its record says, or vLLM ended before it answered.
    """
    base = read_base()
    folder = weights_of(base, c.active.base)
    copies = [copy_of(name, name) for name in versions if name != BASE]
    adapters = [adapter for adapter, _ in copies]
    more = os.environ.get(vllm_program.OPTIONS, "")
    words = vllm_program.command(program, folder, c.active, adapters, socket, more)
    print(f"vLLM loads, which may take minutes; what it says stands in {vllm_program.LOG}", file=sys.stderr, flush=True)
    with vllm_program.running(words, socket):
        room = text_config(folder).get("max_position_embeddings")
        weights = {BASE: base.identity} | {adapter.name: hashed for adapter, hashed in copies}
        voices = VllmVoices(socket, inference.tokenizer_of_base(), room, weights)
        yield as_loaded(c, versions, voices), VllmSpeaker(voices)


def _shape(version: str) -> dict[str, object]:
    file = paths.adapter(version) / "adapter_config.json"
    if not file.is_file():
        raise LineageError(f"{file} is not there; build it: dvc repro train@{version}")
    found: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
    return found
