"""The card of an export, `README.md` in its folder: how it is loaded there, what it was compared with, what is inside.

What the model card of the version says of data, training and measures follows, if `report` wrote one of this adapter
under the terms of now.
"""

import re
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lineage.config.schema import Curriculum
from lineage.core import paths
from lineage.core.plain_text import for_markdown, one_line
from lineage.exporting.exported import Exported, licences
from lineage.exporting.travelling_adapter import base_folder
from lineage.provenance.obligations import said

LIBRARIES = {"adapter": "peft", "merged": "transformers", "gguf": "gguf"}
RELATIONS = {"adapter": "adapter", "merged": "finetune", "gguf": "finetune"}
ELSEWHERE = ("How to load",)  # the section of a version's card that speaks of the workspace
LEFT_OUT = (
    "The model card of the version is left out: it was written under other terms than hold now. `dvc repro report` "
    "writes it anew; export it again then"
)


def render_card_of_export(c: Curriculum, made: Exported) -> str:
    """The card as Markdown."""
    fields, sections = _of_the_version(made)
    template = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    ).get_template("export_card.md.jinja")
    return template.render(
        front_matter=yaml.safe_dump(_front_matter(made, fields), allow_unicode=True, sort_keys=False),
        c=c,
        made=made,
        lora=made.manifest.lora,
        ancestry=["base", *made.facts["line"]],
        beside=None if made.base.origin.repo else base_folder(made.base),
        four_bit=c.active.load_in_4bit and made.kind == "adapter",
        said=said(made.facts),
        sections=sections,
        cell=for_markdown,
        line=one_line,
    )


def _front_matter(made: Exported, fields: dict[str, Any]) -> dict[str, Any]:
    base = {"base_model": made.base.origin.repo, "base_model_relation": RELATIONS[made.kind]}
    given = fields or {
        "pipeline_tag": "text-generation",
        "language": ["ko"],
        "license": "other",
        "license_name": "terms-of-its-sources",
    }
    return {
        **(base if made.base.origin.repo else {}),
        "library_name": LIBRARIES[made.kind],
        **{name: value for name, value in given.items() if name not in (*base, "library_name")},
    }


def _of_the_version(made: Exported) -> tuple[dict[str, Any], list[str]]:
    """The front matter and the sections of the version's card; nothing of a card of another adapter, or other terms."""
    file = paths.card(made.version)
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    if made.manifest.adapter not in text:
        return {}, []
    named = licences(made.facts)
    terms = [one for one in said(made.facts) if not one.startswith("Excluded")]
    terms += [f"{for_markdown(title)}: {', '.join(s for s in named if named[s] == title)}" for title in named.values()]
    if not {f"- {one}" for one in terms} <= set(text.splitlines()):
        made.notes.append(LEFT_OUT)
        return {}, []
    _, front, body = text.split("---\n", 2)
    sections = re.split(r"^(?=## )", body, flags=re.M)[1:]
    return yaml.safe_load(front), [one.strip() for one in sections if not one[3:].startswith(ELSEWHERE)]
