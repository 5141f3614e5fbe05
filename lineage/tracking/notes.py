"""What MLflow's UI shows as a description: ours above a line, what people wrote below it.

MLflow renders descriptions as Markdown with HTML. A card holds titles and reasons that people wrote, and no HTML of its
own: whatever looks like HTML is shown as text.
"""

import re

from lineage.core.plain_text import plain

NOTE = "mlflow.note.content"
LINE = "\n\n---\n*Write below this line: `publish` keeps what stands there, and writes what is above it anew.*\n"
LIMIT = 7900  # characters; MLflow cuts a tag at 8,000
MODEL_LIMIT = 4900  # the same of a registered model's description, of 5,000
FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)
BEGINS_HTML = re.compile(r"<(?=[A-Za-z/!?])")
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def as_note(card: str) -> str:
    """A card as a description: without the YAML at its head, which is no Markdown, and with HTML as text."""
    parts = CODE.split(plain(FRONT_MATTER.sub("", card)))
    return "".join(part if at % 2 else BEGINS_HTML.sub("&lt;", part) for at, part in enumerate(parts))


def with_peoples(ours: str, present: str, *, told_before: bool, limit: int = LIMIT) -> str:
    """A description that says `ours`, above what people wrote.

    Args:
        ours: what we say.
        present: the description as it stands; empty if there is none.
        told_before: whether we wrote the present one, in this form. One without its line was then rewritten by a
            person: all of it is kept.
        limit: characters that MLflow keeps.
    """
    _, line, below = present.partition(LINE)
    peoples = below if line else present if told_before else ""
    room = limit - len(LINE) - len(peoples)
    return _cut(ours.rstrip("\n"), max(room, 0)) + LINE + peoples


def _cut(text: str, room: int) -> str:
    """A long text is cut at a line, and says where the whole of it is."""
    if len(text) <= room:
        return text
    told = "\n\n(cut here; the whole card is the artifact `card.md`)"
    return text[: max(room - len(told), 0)].rpartition("\n")[0] + told
