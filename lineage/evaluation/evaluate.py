"""Measures a version on every held-out set: likelihoods, scores, intervals, and a few answers in full.

A set is measured once for the same weights: results are cached in `.state/evaluations` by content.
"""

import json
import os
from pathlib import Path
from typing import Any

from lineage.artifacts.base_manifest import read_base
from lineage.base_model import chat_template
from lineage.config.schema import BASE, Curriculum
from lineage.core.code_identity import code_identity
from lineage.core.files import sha256, sha256_of, write_json
from lineage.core.paths import STATE
from lineage.evaluation import inference
from lineage.evaluation.heldout import HeldOutSet
from lineage.evaluation.metrics import chrf, last_number, mean_interval, resamples, same_number
from lineage.records.record import Record


def evaluate(c: Curriculum, version: str, sets: list[HeldOutSet], out: Path) -> None:
    """Measure all sets and write the three files into `out`."""
    folder = inference.built(version)
    adapter = sha256(folder / "adapter_model.safetensors") if version != BASE else None
    base = read_base()
    settings = [
        c.evaluation.max_new_tokens,
        c.evaluation.answers,
        c.active.compute_dtype,
        c.active.load_in_4bit,
        c.active.max_length,
    ]
    weights = [base.identity, adapter, settings, base.template.model_dump(), code_identity(__name__)]
    cached = {s.name: STATE / "evaluations" / f"{sha256_of([s.digest, weights])}.json" for s in sets}
    if missing := [s for s in sets if not cached[s.name].is_file()]:
        from lineage.base_model.fast_import import ASKING, import_lean

        import_lean(c.active, ASKING)
        import torch

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
        model, tokenizer = inference.load(version, c.active)
        for name, result in ask(c, model, tokenizer, missing).items():
            write_json(cached[name], result)
    results = {s.name: json.loads(cached[s.name].read_text(encoding="utf-8")) for s in sets}

    measures = {s.name: summarize(c, s, results[s.name]["rows"]) for s in sets}
    parent = c.versions[version].parent if version != BASE else None
    write_json(out / "measures.json", {"version": version, "parent": parent, "adapter": adapter, "sets": measures})
    for kind in ("rows", "answers"):
        with (out / f"{kind}.jsonl").open("w", encoding="utf-8") as file:
            for s in sets:
                for row in results[s.name][kind]:
                    file.write(json.dumps({"set": s.name, **row}, ensure_ascii=False) + "\n")
    shown = {n: m["score"] for n, m in measures.items() if m["measure"] in ("choice", "number")}
    scored = [f"{name} {score:.2f}" for name, score in shown.items() if score is not None]
    print(f"{version}: {len(sets)} sets, {sum(m['rows'] for m in measures.values()):,} rows; {', '.join(scored)}")


def ask(c: Curriculum, model: Any, tokenizer: Any, sets: list[HeldOutSet]) -> dict[str, dict[str, Any]]:
    """All questions of all sets in as few batches as possible; per set, rows and sample answers."""
    questions: list[tuple[HeldOutSet, Record, list[chat_template.Tokens]]] = []
    skipped = 0
    for s in sets:
        for record in s.records:
            candidates = record.options or (record.completion,)
            tokens = [chat_template.tokenize(tokenizer, list(record.turns[:-1]), text) for text in candidates]
            if max(len(t.ids) for t in tokens) <= c.active.max_length:
                questions.append((s, record, tokens))
            else:
                skipped += 1
    print(f"asking {len(questions):,} questions" + (f"; {skipped} are longer than max_length" if skipped else ""))
    flat = inference.negative_log_likelihoods(model, [t for _, _, tokens in questions for t in tokens])

    shown = {(s.name, r.id) for s in sets for r in s.records[: c.evaluation.answers]}
    spoken = [i for i, (s, r, _) in enumerate(questions) if r.measure in ("number", "text") or (s.name, r.id) in shown]
    texts = inference.answers(
        model, tokenizer, [list(questions[i][1].turns[:-1]) for i in spoken], c.evaluation.max_new_tokens
    )
    said = dict(zip(spoken, texts, strict=True))

    results: dict[str, dict[str, Any]] = {s.name: {"rows": [], "answers": []} for s in sets}
    start = 0
    for i, (s, record, tokens) in enumerate(questions):
        likelihoods, start = flat[start : start + len(tokens)], start + len(tokens)
        right = record.correct if record.options and record.correct is not None else 0
        score: float | None = None
        if record.measure == "choice":
            score = float(likelihoods[right] == min(likelihoods))
        elif record.measure == "number":
            score = float(same_number(said[i], record.completion))
        elif record.measure == "text":
            score = round(chrf(said[i], record.completion), 4)
        results[s.name]["rows"].append(
            {
                "id": record.id,
                "measure": record.measure,
                "nll": round(likelihoods[right], 4),
                "tokens": tokens[right].supervised,
                "score": score,
            }
        )
        if (s.name, record.id) in shown:
            results[s.name]["answers"].append(
                {"id": record.id, "prompt": record.prompt, "expected": record.completion, "answer": said[i]}
            )
    return results


def summarize(c: Curriculum, heldout: HeldOutSet, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A set's measures and intervals; a set of mixed kinds is scored on the rows of its most frequent measure."""
    kinds = [r.measure for r in heldout.records]
    measure = max(sorted(set(kinds)), key=kinds.count)
    source, _, form = heldout.name.partition(".")
    result: dict[str, Any] = {
        "source": source,
        "form": form,
        "rows": len(rows),
        "heldout_rows": heldout.heldout_rows,
        "tokens": sum(r["tokens"] for r in rows),
        "measure": measure,
        "nll": None,
        "nll_interval": None,
        "score": None,
        "score_interval": None,
        "chance": None,
    }
    if rows:
        counts = resamples(len(rows), c.evaluation.bootstrap, c.seed)
        result["nll"], result["nll_interval"] = mean_interval(
            [r["nll"] for r in rows], [r["tokens"] for r in rows], counts
        )
    scores = [r["score"] for r in rows if r["score"] is not None and r["measure"] == measure]
    if scores:
        counts = resamples(len(scores), c.evaluation.bootstrap, c.seed)
        result["score"], result["score_interval"] = mean_interval(scores, [1.0] * len(scores), counts)
    judged = [r for r in heldout.records if r.measure == measure]
    if measure == "choice":
        result["chance"] = round(sum(1 / len(r.options) for r in judged) / len(judged), 4)
    elif measure == "number":
        figures = [last_number(r.completion) for r in judged]
        result["chance"] = round(max(map(figures.count, figures)) / len(figures), 4)
    return result
