"""Asking versions: a free question along a line, or what a variant makes of a probe. What was said is kept.

Answers are made as an evaluation makes them, greedy. Of a held-out row the whole set is asked, so that a variant is
read in the same company, and may answer at the same length, as versions whose results are stored. What is kept lies in
`.state/bisect/readings`, by what shaped it: weights, base, settings, code, and the probe.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import read_manifest
from lineage.base_model import chat_template
from lineage.base_model.fast_import import ASKING, import_lean
from lineage.base_model.special_tokens import held, special_tokens
from lineage.bisect.probe import Probe, Reading, is_right
from lineage.config.schema import BASE, Curriculum
from lineage.core.code_identity import code_identity
from lineage.core.errors import LineageError
from lineage.core.files import sha256_of, write_json
from lineage.core.paths import STATE
from lineage.evaluation import answering, evaluate, inference
from lineage.evaluation.heldout import heldout_sets
from lineage.reporting.right_answers import RIGHT_OR_WRONG

READINGS = STATE / "bisect" / "readings"


def reading_of(c: Curriculum, probe: Probe, version: str, adapter: str | None, kept_in: Path) -> Reading | None:
    """What is kept of a version's reading; None where it was not asked.

    Args:
        c: the curriculum.
        probe: what is asked.
        version: how it is called now.
        adapter: the SHA-256 of its weights; None for the base.
        kept_in: the folder of kept readings.
    """
    try:
        said = json.loads(_place(c, probe, adapter, kept_in).read_text(encoding="utf-8"))
        return Reading(**said | {"version": version})
    except (OSError, ValueError, TypeError):
        return None


def asked_line(c: Curriculum, probe: Probe, versions: Sequence[str]) -> dict[str, Reading]:
    """What each version answers to a free question, and how likely it finds the right answer.

    Raises:
        LineageError: a version is not built, or its adapter is not what its manifest says.
    """
    weights = {version: None if version == BASE else read_manifest(version).adapter for version in versions}
    found = {v: r for v in versions if (r := reading_of(c, probe, v, weights[v], READINGS))}
    if missing := [version for version in versions if version not in found]:
        for version, reading in _asked(c, probe, missing).items():
            found[version] = keep(c, probe, reading, weights[version], READINGS)
    return {version: found[version] for version in versions}


def asked_variant(c: Curriculum, probe: Probe, version: str, adapter: str) -> Reading:
    """What a variant in the working folder makes of a probe.

    Args:
        c: the curriculum that names it.
        probe: what is asked.
        version: the variant.
        adapter: the SHA-256 of its weights.

    Raises:
        LineageError: its row was not asked, since it is too long.
    """
    if probe.kind == "free":
        return _asked(c, probe, [version])[version]
    _prepare(c)
    (heldout,) = (one for one in heldout_sets(c.evaluation.rows) if one.name == probe.set)
    if heldout.digest != probe.digest:
        raise LineageError(f"{probe.set}: its held-out rows changed meanwhile; run the same command again")
    rows = evaluate.measured(c, version, adapter, [heldout])[probe.set].rows
    if probe.kind == "set":
        scores = [row.score for row in rows if row.score is not None]
        nll = sum(row.nll for row in rows) / sum(row.tokens for row in rows)
        return Reading(version, round(nll, 6), score=sum(scores) / len(scores) if scores else None)
    row = next((one for one in rows if one.id == probe.row), None)
    if row is None:
        raise LineageError(f"{probe.row}: it is longer than max_length, and was not asked")
    judged = row.measure in RIGHT_OR_WRONG and row.score is not None
    return Reading(version, round(row.nll / row.tokens, 6), right=bool(row.score) if judged else None, score=row.score)


def keep(c: Curriculum, probe: Probe, reading: Reading, adapter: str | None, kept_in: Path) -> Reading:
    """Keep a reading, and return it.

    Args:
        c: the curriculum.
        probe: what was asked.
        reading: what came of it.
        adapter: the SHA-256 of the weights that were asked; None for the base.
        kept_in: the folder of kept readings.
    """
    file = _place(c, probe, adapter, kept_in)
    fresh = file.with_suffix(f".{os.getpid()}")
    write_json(fresh, {name: value for name, value in asdict(reading).items() if name != "version"})
    fresh.replace(file)
    return reading


def _place(c: Curriculum, probe: Probe, adapter: str | None, kept_in: Path) -> Path:
    base, profile = read_base(), c.active
    settings = [profile.compute_dtype, profile.load_in_4bit, profile.double_quant, profile.max_length]
    settings += [c.evaluation.max_new_tokens, c.evaluation.rows]
    made_by = [base.identity, base.template.model_dump(), code_identity(__name__)]
    return kept_in / f"{sha256_of([asdict(probe), adapter, settings, made_by])}.json"


def _prepare(c: Curriculum) -> None:
    """Set what torch reads once, and import it."""
    os.environ.setdefault("OMP_NUM_THREADS", str(c.active.threads or os.cpu_count() or 1))
    import_lean(c.active, ASKING)


def _asked(c: Curriculum, probe: Probe, versions: Sequence[str]) -> dict[str, Reading]:
    """Ask a free question, the base loaded once."""
    _prepare(c)
    from lineage.chat.voices import load_voices

    voices = load_voices(versions, c.active)
    turns = [{"role": "user", "content": probe.question}]
    if held(special_tokens(voices.tokenizer), [*turns, {"role": "assistant", "content": probe.right}]):
        raise LineageError("question or right answer spells a control token of the tokenizer; word it otherwise")
    wanted = chat_template.tokenize(voices.tokenizer, turns, probe.right)
    if len(wanted.ids) > c.active.max_length:
        raise LineageError(
            f"question and right answer are {len(wanted.ids):,} tokens; max_length is {c.active.max_length:,}"
        )
    found = {}
    for version in versions:
        with voices.speaking(version) as model:
            (nll,) = inference.negative_log_likelihoods(model, [wanted])
            (answer,) = answering.answers(model, voices.tokenizer, [turns], [probe.tokens])
        right = is_right(probe, answer.text, ended=answer.ending == "stopped")
        found[version] = Reading(version, round(nll / wanted.supervised, 6), right=right, said=answer.text)
    return found
