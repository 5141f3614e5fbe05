"""The retention matrix and each version's intervals as pictures that stand alone: MLflow shows them beside a run.

    reports/pictures/retention.svg          versions × held-out sets, the change of NLL against the parent
    reports/pictures/intervals/v6.svg       a bar a set: the change with its 95 % interval, and the verdict

They carry their own colours on white, and signs beside colours. Numbers are written with two decimals: the same figures
give the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from lineage.artifacts.comparison import ComparedSet, ComparedVersion, Comparison
from lineage.core import paths
from lineage.reporting.set_order import set_order
from lineage.reporting.workspace import Workspace

FILLS = {"improved": "#cfe8d5", "worse": "#fbd3c4", "forgot": "#f2a38a"}
INKS = {"improved": "#1d6b3a", "worse": "#a63a14", "forgot": "#7a1f05"}
SIGNS = {"improved": "▲ ", "worse": "▼ ", "forgot": "▼ "}
LINE, CELL, CHARACTER = 24, 84, 7.2  # heights and widths in pixels
BAR = 320
MUTED = "#667"


def write_pictures(w: Workspace, comparison: Comparison, out: Path) -> None:
    """Write them into the folder of the report.

    Args:
        w: the workspace.
        comparison: all versions, compared.
        out: what becomes `reports`.
    """
    names = set_order(w)
    compared = {name: one for name, one in comparison.versions.items() if one.sets}
    if not compared:
        return
    folder = out / paths.PICTURES.name / "intervals"
    folder.mkdir(parents=True)
    (folder.parent / "retention.svg").write_text(retention(compared, names), encoding="utf-8", newline="\n")
    for version, one in compared.items():
        (folder / f"{version}.svg").write_text(intervals(version, one, names), encoding="utf-8", newline="\n")


def retention(versions: dict[str, ComparedVersion], names: Sequence[str]) -> str:
    """The matrix: what each version gained and lost against its parent on every held-out set."""
    shown = [name for name in names if any(name in one.sets for one in versions.values())]
    left, top = _wide(shown), 3 * LINE
    parts = [_text(12, 18, "Change of NLL against the parent, nats a token: less is better", "title")]
    for column, (version, one) in enumerate(versions.items()):
        x = left + CELL * column + CELL / 2
        parts.append(_text(x, top - 24, version, "name", "middle"))
        parts.append(_text(x, top - 8, f"vs {one.parent}", "small", "middle"))
    for row, name in enumerate(shown):
        y = top + LINE * row
        parts.append(_text(left - 8, y + 16, name, "set", "end"))
        for column, one in enumerate(versions.values()):
            if name in one.sets:
                parts.append(_cell(left + CELL * column, y, one.sets[name], _tone(one, name)))
    foot = top + LINE * len(shown)
    key = (
        "▲ better, ▼ worse beyond noise; dark ▼ forgotten: an ancestor was trained on it; framed: of the version's mix"
    )
    parts.append(_text(12, foot + 20, key, "small"))
    width = max(left + CELL * len(versions) + 12, len(key) * CHARACTER * 0.85)
    return _picture(width, foot + 32, parts)


def intervals(version: str, compared: ComparedVersion, names: Sequence[str]) -> str:
    """A version's changes against its parent with their 95 % intervals, a line a set."""
    shown = [name for name in names if name in compared.sets]
    ends = [end for name in shown for end in compared.sets[name].interval or (compared.sets[name].difference,)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    left, top = _wide(shown), 2 * LINE

    def x(value: float) -> float:
        return left + BAR * (value - low) / ((high - low) or 1.0)

    title = f"{version} against {compared.parent}: change of NLL, nats a token, 95 % interval; left is better"
    parts = [_text(12, 18, title, "title")]
    zero, foot = x(0.0), top + LINE * len(shown)
    parts.append(f'<line x1="{zero:.2f}" x2="{zero:.2f}" y1="{top}" y2="{foot}" stroke="#99a" stroke-dasharray="3 3"/>')
    for row, name in enumerate(shown):
        one, tone = compared.sets[name], _tone(compared, name)
        y, ink = top + LINE * row + LINE / 2, INKS.get(tone, MUTED)
        parts.append(_text(left - 8, y + 4, name, "set", "end", bold=one.own))
        if one.interval:
            begin, end = map(x, one.interval)
            parts.append(f'<line x1="{begin:.2f}" x2="{end:.2f}" y1="{y}" y2="{y}" stroke="{ink}" stroke-width="2"/>')
        parts.append(f'<circle cx="{x(one.difference):.2f}" cy="{y}" r="4" fill="{ink}"/>')
        said = {"improved": "better", "unclear": "unclear", "too_few": "too few rows"}.get(tone, tone)
        words = f"{_signed(one.difference)} {SIGNS.get(tone, '')}{said}"
        parts.append(_text(left + BAR + 14, y + 4, words, "set", ink=ink))
    parts.append(
        _text(12, foot + 18, "Bold: of the version's own mix. Verdicts are of all sets together (Holm).", "small")
    )
    return _picture(left + BAR + 190, foot + 30, parts)


def _tone(version: ComparedVersion, name: str) -> str:
    """The verdict as it may be praised, or `forgot`."""
    return "forgot" if name in version.forgot else version.sets[name].shown


def _cell(x: float, y: float, one: ComparedSet, tone: str) -> str:
    frame = 'stroke="#334" stroke-width="1.5"' if one.own else 'stroke="#e3e3ea"'
    box = f'<rect x="{x + 1:.2f}" y="{y + 1}" width="{CELL - 2}" height="{LINE - 2}" '
    words = SIGNS.get(tone, "") + _signed(one.difference)
    ink = INKS.get(tone, MUTED)
    return f'{box}fill="{FILLS.get(tone, "#f6f6f9")}" {frame}/>' + _text(
        x + CELL / 2, y + 16, words, "cell", "middle", ink
    )


def _signed(difference: float) -> str:
    return f"{difference:+.2f}".replace("-0.00", "+0.00")


def _wide(names: Sequence[str]) -> float:
    """Where figures begin, right of the sets' names."""
    return 24 + CHARACTER * max(map(len, names), default=0)


def _text(
    x: float, y: float, words: str, size: str, anchor: str = "start", ink: str = "#223", bold: bool = False
) -> str:
    """A line of text.

    Args:
        x: where it is anchored, in pixels.
        y: its base line.
        words: what it says.
        size: its class in `_picture`.
        anchor: start, middle or end.
        ink: its colour.
        bold: whether it is bold.
    """
    weight = ' font-weight="700"' if bold else ""
    place = f'x="{x:.2f}" y="{y:.2f}" text-anchor="{anchor}" fill="{ink}"{weight}'
    return f'<text class="{size}" {place}>{escape(words)}</text>'


def _picture(width: float, height: float, parts: Sequence[str]) -> str:
    style = (
        "text{font-family:'DejaVu Sans','Noto Sans',Arial,sans-serif;font-size:12px}"
        ".title{font-size:13px;font-weight:700}.name{font-weight:700}.small{font-size:10.5px}"
    )
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>'
    return Markup("\n").join(
        [Markup(head + '<rect width="100%" height="100%" fill="#fff"/>'), *map(Markup, parts), Markup("</svg>\n")]
    )
