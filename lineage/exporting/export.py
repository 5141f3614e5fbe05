"""Exports a version: a folder that leaves the workspace, whole or not at all, with what was measured of it inside.

    export(load_curriculum(), "v6", "merged").folder     →  exports/v6-merged

Every kind is compared with the adapter on its base, in logits, before the folder appears. A kind that differs by more
than its bound is refused, and the folder of an earlier export stays as it was.
"""

import fcntl
import gc
import shutil
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from importlib import metadata
from pathlib import Path

from lineage.artifacts.base_manifest import read_base
from lineage.artifacts.manifest import opened_adapter
from lineage.base_model.loading import weights_of
from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.errors import LineageError
from lineage.core.files import appearing, write_json
from lineage.evaluation import inference
from lineage.exporting import gguf_files, merging
from lineage.exporting.chosen_merge import ChosenMerge, chosen_merge
from lineage.exporting.export_card import render_card_of_export
from lineage.exporting.exported import CARD, RECORD, Exported, ExportKind, record
from lineage.exporting.logits import BOUNDS, CHANCES, chances, check, difference, logits_of, probes
from lineage.exporting.served_answers import served_answers, served_difference
from lineage.exporting.travelling_adapter import base_folder, copy_adapter
from lineage.exporting.whole_base import put_on, whole_base
from lineage.planning.servability import costs_of_serving
from lineage.provenance.obligations import provenance

ALIKE = 1e-4  # nats a token: what sums in another order may differ by
PACKAGES = ("torch", "transformers", "peft", "safetensors", "tokenizers")


def export(c: Curriculum, version: str, kind: ExportKind) -> Exported:
    """Write `exports/<version>-<kind>`.

    Raises:
        LineageError: the version is not built or was changed, a package is missing, or the kind is another model.
    """
    base = read_base()
    packages = gguf_files.check_packages() if kind == "gguf" else {}
    manifest = opened_adapter(version, base)
    weights = Path(weights_of(base, c.active.base))
    facts = provenance(c, version)
    made = Exported(
        version=version,
        kind=kind,
        base=base,
        manifest=manifest,
        dtype=merging.stored_dtype(weights),
        facts=facts,
        served=list(costs_of_serving(manifest.lora, tied=bool(base.tied))) if kind == "adapter" else [],
        packages=packages | {name: metadata.version(name) for name in PACKAGES},
    )
    with _only_export(), _whole_or_nothing(made.folder) as out:
        {"adapter": _adapter, "merged": _merged, "gguf": _gguf}[kind](c, made, weights, out)
        check(made.equality, version)
        if opened_adapter(version, read_base()).adapter != manifest.adapter:
            raise LineageError(f"{version} was trained again while it was exported; export it again")
        shutil.copyfile(paths.training_record(version), out / paths.training_record("").name)
        (out / CARD).write_text(render_card_of_export(c, made), encoding="utf-8")
        write_json(out / RECORD, record(made, out))
    return made


def _adapter(c: Curriculum, made: Exported, weights: Path, out: Path) -> None:
    from peft import AutoPeftModelForCausalLM

    rows = probes(c, inference.tokenizer_of_base(), made.base.vocab_size)
    answers = served_answers(c, made.version, rows)  # first, so that no two models are in memory at once
    ours = put_on(whole_base(c.active), made.version)
    reference = logits_of(ours, rows)
    exact = c.active.compute_dtype == "float32" and not c.active.load_in_4bit
    as_served = [served_difference(ours, answers, BOUNDS["float32"] if exact else None)] if answers else []
    del ours
    gc.collect()
    copy_adapter(made.manifest, made.base, weights, out)
    capped = merging.attention(weights)
    with chdir(out):  # as somebody does who was given the folder: a local base is named as seen from inside it
        theirs = AutoPeftModelForCausalLM.from_pretrained(".", dtype="float32", **capped).eval()
    bound = BOUNDS["float32"]
    as_it_lies = logits_of(theirs, rows)
    made.equality.append(difference("AutoPeftModelForCausalLM of the folder", reference, as_it_lies, bound))
    merged = logits_of(theirs.merge_and_unload(), rows)
    made.equality.append(difference("its merge_and_unload", reference, merged, None if made.tied else bound))
    made.equality.extend(as_served)
    if not as_served:
        made.notes.append("What is served was not compared: a server can be asked none of the held-out rows")
    elif not exact:
        four = " over 4-bit weights" if c.active.load_in_4bit else ""
        made.notes.append(
            f"It was served{four} in {c.active.compute_dtype}, as the profile has it, and is compared with float32 on "
            f"the base as published: told, and bound by nothing"
        )
    if made.tied:
        made.notes.append(
            "Do not merge it by merge_and_unload: lm_head is among its targets and this base's head is its embedding, "
            "so that both are changed (the table says by how much). `lineage export --as merged` keeps them apart"
        )
    if made.base.origin.repo:
        made.notes.append(f"The base is named by repository and commit: {made.base.name}@{made.base.revision}")
    else:
        made.notes.append(f"The base lies beside it in `{base_folder(made.base)}`: load from inside the folder")
    if c.active.load_in_4bit:
        made.notes.append(
            "It was trained over 4-bit weights; the snippet loads them so. The table compares on the base as published"
        )


def _merged(c: Curriculum, made: Exported, weights: Path, out: Path) -> None:
    chosen = chosen_merge(c, made.version, made.dtype, made.sources)
    _write_merged(made, chosen, out)
    _tell_merge(made, chosen)


def _write_merged(made: Exported, chosen: ChosenMerge, out: Path) -> None:
    merging.save(chosen.model, chosen.tokenizer, made.dtype, out)
    merging.copy_tokenizer(paths.adapter(made.version), out)
    said_by = logits_of(merging.loaded(out), chosen.rows)
    made.equality.append(
        difference(f"merged, safetensors in {made.dtype}", chosen.reference, said_by, BOUNDS[made.dtype])
    )


def _tell_merge(made: Exported, chosen: ChosenMerge) -> None:
    made.ways, made.shipped = chosen.ways, chosen.shipped
    if chosen.own_head:
        made.notes.append(
            "The adapter lies on a head that was the embedding: the model has a head of its own (tie_word_embeddings: "
            "false), and is larger by one embedding"
        )
    if chosen.ways and chosen.ways[0].inside < min(way.inside for way in chosen.ways[1:]) - ALIKE:
        made.notes.append(
            f"The {chosen.ways[0].name} answers better than either merge; where 4 bits can be served, "
            f"`lineage export {made.version} --as adapter`"
        )


def _gguf(c: Curriculum, made: Exported, weights: Path, out: Path) -> None:
    work = out.with_name(f"{out.name}.work")
    shutil.rmtree(work, ignore_errors=True)
    try:
        merged = work / "merged"
        merged.mkdir(parents=True)
        chosen = chosen_merge(c, made.version, made.dtype, made.sources)
        _write_merged(made, chosen, merged)
        _tell_merge(made, chosen)
        lora = made.manifest.lora
        runs = [gguf_files.model_run(merged, made.dtype, f"{c.name}-{made.version}", out / gguf_files.MODEL)]
        if reason := gguf_files.no_adapter_file(lora, tied=bool(made.base.tied)):
            made.notes.append(reason)
        else:
            adapter = paths.adapter(made.version)
            runs.append(gguf_files.model_run(weights, made.dtype, "base", work / "base.gguf"))
            runs.append(gguf_files.adapter_run(adapter, lora, weights, work / "lora", out / gguf_files.ADAPTER))
        gguf_files.convert(runs, paths.adapter(made.version))
        for template in paths.adapter(made.version).glob("*.jinja"):
            shutil.copyfile(template, out / template.name)
        bound = BOUNDS[made.dtype]
        whole = gguf_files.said_by_llama_cpp(out / gguf_files.MODEL, None, chosen.rows, work)
        made.equality.append(
            difference(
                f"{gguf_files.MODEL} in llama.cpp", chances(chosen.reference, chosen.rows), whole, bound, CHANCES
            )
        )
        if not reason:
            apart = gguf_files.said_by_llama_cpp(work / "base.gguf", out / gguf_files.ADAPTER, chosen.rows, work)
            what = f"the base's GGUF with {gguf_files.ADAPTER} in llama.cpp"
            made.equality.append(difference(what, chances(chosen.on_whole, chosen.rows), apart, bound, CHANCES))
            if lora.rslora:
                alpha = gguf_files.alpha_for_llama_cpp(lora)
                made.notes.append(
                    f"rsLoRA: adapter.gguf says alpha {alpha:g} instead of {lora.alpha:g}, since llama.cpp divides it "
                    f"by r {lora.r}, and not by its root"
                )
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _whole_or_nothing(final: Path) -> Iterator[Path]:
    """A scratch folder that becomes `final`; an error leaves nothing of it."""
    with appearing(final) as (out,):
        try:
            yield out
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise


@contextmanager
def _only_export() -> Iterator[None]:
    """One export at a time in a workspace; training and reports may go on."""
    paths.STATE.mkdir(exist_ok=True)
    with (paths.STATE / "export.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LineageError("another export is running in this workspace; wait for it") from error
        yield
