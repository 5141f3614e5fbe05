"""Measures a version on every held-out set: likelihoods, scores, intervals, and a few answers in full.

Every answer of a set may be as long as the set's expected answers ask for (lineage/evaluation/answering.py). An answer
that was cut holds no number: its last one may be any step of the way.

Of a conversation the NLL is that of the answers that carry the loss in training, each after the turns that were said
before it; the model itself answers the last turn alone, after all earlier ones as they stand in the row.

A set is measured once for the same weights, see lineage/evaluation/result_cache.py.
"""

import os
from collections.abc import Iterable
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.measures import Measures, SampleAnswer, SetMeasures, write_measures
from lineage.base_model import chat_template
from lineage.config.schema import BASE, Curriculum
from lineage.core.code_identity import code_identity
from lineage.core.files import sha256, sha256_of
from lineage.core.forced import forced
from lineage.core.paths import WEIGHTS
from lineage.evaluation import (
    answering,
    greedy_decoding,
    inference,
    morphemes,
    result_cache,
    sampled_decoding,
    shared_prompts,
    translation_scores,
)
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.marking import marked, right_place
from lineage.evaluation.result_cache import SetResult
from lineage.evaluation.set_kind import SetKind, kind_of
from lineage.evaluation.set_measures import summarize
from lineage.records.record import Record

Question = tuple[Record, list[chat_template.Tokens]]  # a row, and its candidate completions behind its prompt


def evaluate(c: Curriculum, version: str, sets: list[HeldOutSet], out: Path) -> None:
    """Measure all sets and write the three files of lineage/artifacts/measures.py.

    Args:
        c: the curriculum.
        version: a version, or the base.
        sets: the held-out sets, the same for every version.
        out: the folder that is written into.

    Raises:
        LineageError: the version is not built, or its adapter is not what its record says.
    """
    adapter = weights_of(version)
    kinds = kinds_of(c, sets)
    results = measured(c, version, adapter, sets, again=forced())
    measures = Measures(
        version=version,
        parent=c.versions[version].parent if version != BASE else None,
        adapter=adapter,
        generation=generation(c),
        sets={s.name: summarize(s, results[s.name].rows, results[s.name].budget, kinds[s.name]) for s in sets},
    )
    rows = [row for s in sets for row in results[s.name].rows]
    write_measures(out, measures, rows, [answer for s in sets for answer in results[s.name].answers])
    scored = [
        f"{name} {one.score:.2f}"
        for name, one in measures.sets.items()
        if one.measure in ("choice", "number") and one.score is not None
    ]
    for name, one in measures.sets.items():
        for remark in _remarks(one):
            print(f"  {name}: {remark}")
    print(f"{version}: {len(sets)} sets, {len(rows):,} rows; {', '.join(scored)}")


def kinds_of(c: Curriculum, sets: list[HeldOutSet]) -> dict[str, SetKind]:
    """What the rows of each set are, by its name.

    Raises:
        LineageError: the curriculum asks for a figure of a set that its rows cannot give.
    """
    return {s.name: kind_of(s, c.evaluation.of(s.name)) for s in sets}


def _remarks(one: SetMeasures) -> list[str]:
    """What people must know before they read a set's figures."""
    remarks = []
    if one.too_long:
        partly = "; its figures are those of a part" if one.is_partial else ""
        remarks.append(
            f"{one.too_long} of {one.rows + one.too_long} rows are longer than max_length and were not asked{partly}"
        )
    if one.cut or one.endless:
        remarks.append(
            f"{one.cut + one.endless} of {one.answered} answers did not end within {one.budget} tokens"
            + (f", {one.endless} of them repeat themselves" if one.endless else "")
        )
    for name, said in (("empty", "are empty"), ("other_language", "are in another language than expected")):
        found = one.figures.get(name)
        if found and found.value:
            remarks.append(f"{round(found.value * found.rows)} of {found.rows} answers {said}")
    if one.places and one.places.verdict == "biased":
        remarks.append(f"letters {one.places.said}")
    return remarks


def generation(c: Curriculum) -> dict[str, bool | int | float | str]:
    """Every setting by which an answer is made, as `measures.json` records it."""
    made = c.evaluation.generation
    other = made.model_dump(exclude_none=True) | {"do_sample": made.draws} if made else {}
    return {
        **greedy_decoding.GREEDY,
        "max_new_tokens": c.evaluation.max_new_tokens,
        "fewest_tokens": answering.FEWEST_TOKENS,
        "slack": answering.SLACK,
        "stop": inference.stop_token(),
        **other,
        **({"seed": c.seed} if made and made.draws else {}),
    }


def weights_of(version: str) -> str | None:
    """The SHA-256 of a version's adapter; None for the base. Raises LineageError if it is not built."""
    folder = inference.built(version)
    return sha256(folder / WEIGHTS) if version != BASE else None


def measured_all(c: Curriculum, versions: Iterable[str], sets: list[HeldOutSet]) -> None:
    """Measure versions one after another on a base that is loaded once; each one's results are kept as it is done.

    Args:
        c: the curriculum.
        versions: versions that are built, or the base.
        sets: the held-out sets.
    """
    one_base = inference.OneBase(c.active)
    for version in versions:
        measured(c, version, weights_of(version), sets, one_base=one_base)


def measured(
    c: Curriculum,
    version: str,
    adapter: str | None,
    sets: list[HeldOutSet],
    *,
    again: bool = False,
    one_base: inference.OneBase | None = None,
) -> dict[str, SetResult]:
    """The result of each set by name: kept ones, and the model's answers to the others, which are kept from now on.

    Args:
        c: the curriculum.
        version: a version, or the base.
        adapter: the SHA-256 of its weights, from `weights_of`.
        sets: the held-out sets.
        again: ask all of them, whatever is kept.
        one_base: where several versions are measured, what loads the base for all of them.
    """
    base = read_base()
    settings = [
        generation(c),
        c.evaluation.answers,
        c.active.compute_dtype,
        c.active.load_in_4bit,
        c.active.double_quant,
        c.active.max_length,
    ]
    asked_by = sha256_of([base.identity, adapter, settings, base.template.model_dump(), code_identity(__name__)])
    versions = {name: version_of(name) for name in (*morphemes.PACKAGES, *translation_scores.PACKAGES)}
    places = {
        s.name: result_cache.place(s, asked_by, [c.evaluation.of(s.name).model_dump(exclude={"rows"}), versions])
        for s in sets
    }
    results = {name: found for name, file in places.items() if not again and (found := result_cache.kept(file))}
    if missing := [s for s in sets if s.name not in results]:
        from lineage.base_model.fast_import import ASKING, import_lean

        import_lean(c.active, ASKING)
        import torch

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
        model, tokenizer = one_base.turned_into(version) if one_base else inference.load(version, c.active)
        for name, result in ask(c, model, tokenizer, missing).items():
            result_cache.keep(places[name], result)
            results[name] = result
    return results


def ask(c: Curriculum, model: Any, tokenizer: Any, sets: list[HeldOutSet]) -> dict[str, SetResult]:
    """Ask all questions of all sets. No set's result depends on which others are asked: it is kept beside theirs.

    Args:
        c: the curriculum; its active profile says how long a question may be.
        model: the base, or a version's adapter on it.
        tokenizer: the version's tokenizer, with its chat template.
        sets: the sets whose answers are not kept yet.
    """
    questions = {s.name: questions_of(tokenizer, s, c.active.max_length) for s in sets}
    print(f"asking {sum(map(len, questions.values())):,} questions")
    return {s.name: _asked(c, model, tokenizer, s, questions[s.name]) for s in sets}


def questions_of(tokenizer: Any, heldout: HeldOutSet, longest: int) -> list[Question]:
    """The rows of a set that are short enough to be asked, each with its candidate completions as tokens.

    longest: tokens of prompt and completion at most, `max_length`.
    """
    questions = []
    for record in heldout.records:
        before, every = list(record.turns[:-1]), record.supervise == "all"
        candidates = record.options or (record.completion,)
        tokens = [chat_template.tokenize(tokenizer, before, text, every=every) for text in candidates]
        if max(len(t.ids) for t in tokens) <= longest:
            questions.append((record, tokens))
    return questions


def _asked(c: Curriculum, model: Any, tokenizer: Any, heldout: HeldOutSet, questions: list[Question]) -> SetResult:
    """A set's result. Its rows are batched among themselves: in other company their last digits would be others.

    Args:
        c: the curriculum.
        model: what is asked.
        tokenizer: its tokenizer.
        heldout: the set.
        questions: from `questions_of`.
    """
    spec = c.evaluation.of(heldout.name)
    kind = kind_of(heldout, spec)
    likelihoods = shared_prompts.of_candidates(model, [tokens for _, tokens in questions])
    shown = {record.id for record in heldout.records[: c.evaluation.answers]}
    spoken = [i for i, (r, _) in enumerate(questions) if kind.is_spoken(r) or r.id in shown]
    expected = [_expected_tokens(tokenizer, *questions[i]) for i in spoken]
    most, made = spec.max_new_tokens or c.evaluation.max_new_tokens, c.evaluation.generation
    budget = max(answering.budget(expected, most), *kind.within, 0)
    if made and made.new_tokens:
        budget = min(made.new_tokens, most)
    prompts = [list(questions[i][0].turns[:-1]) for i in spoken]
    manner = None
    if made:
        seeds = [sampled_decoding.seed_of(c.seed, questions[i][0].id) for i in spoken]
        manner = sampled_decoding.Manner(made, seeds)
    answers = answering.answers(model, tokenizer, prompts, [budget] * len(spoken), manner=manner, within=kind.within)
    said = dict(zip(spoken, answers, strict=True))
    return SetResult(
        rows=tuple(
            marked(heldout.name, record, kind, tokens, likelihoods[i], said.get(i))
            for i, (record, tokens) in enumerate(questions)
        ),
        answers=tuple(
            SampleAnswer(set=heldout.name, id=r.id, prompt=r.asked, expected=r.completion, answer=said[i].text)
            for i, (r, _) in enumerate(questions)
            if r.id in shown
        ),
        budget=budget,
    )


def _expected_tokens(tokenizer: Any, record: Record, tokens: list[chat_template.Tokens]) -> int:
    """The length of the answer that a model is asked for, the last one, with its stop."""
    if record.supervise == "all":
        return chat_template.tokenize(tokenizer, list(record.turns[:-1]), record.completion).supervised
    return tokens[right_place(record)].supervised
