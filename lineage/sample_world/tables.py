"""HTML tables and questions about their cells, in the shape of AI Hub 71533."""

import random
from typing import Any

from lineage.sample_world.invented_names import companies
from lineage.sample_world.korean import with_particle
from lineage.sample_world.packing import json_bytes, zip_bytes

Row = dict[str, Any]

COLUMNS = ("매출액", "이익", "비용", "자산", "직원", "지점")
YEARS = ("2021년", "2022년", "2023년")
ASK = (
    "{row}의 {column는} 얼마인가?",
    "{row} {column는} 몇인가?",
    "표에서 {row}의 {column를} 찾으시오.",
    "{column} 칸에서 {row}의 값은?",
)


def html(corner: str, columns: list[str], lines: list[tuple[str, list[int]]], *, spanned: bool) -> str:
    """A table as HTML.

    Args:
        corner: the heading of the first column, which names the rows.
        columns: headings of the others.
        lines: (the row's name, a figure for each of `columns`).
        spanned: whether the head has two rows, joined by colspan and rowspan.
    """
    heads = "".join(f"<th>{column}</th>" for column in columns)
    if spanned:
        head = f'<tr><th rowspan="2">{corner}</th><th colspan="{len(columns)}">현황</th></tr><tr>{heads}</tr>'
    else:
        head = f"<tr><th>{corner}</th>{heads}</tr>"
    body = "".join(
        f"<tr><td>{name}</td>" + "".join(f"<td>{figure}</td>" for figure in figures) + "</tr>"
        for name, figures in lines
    )
    return f"<table>{head}{body}</table>"


def context(rng: random.Random) -> Row:
    """A table of companies or years with all figures different, and two lookups."""
    columns = rng.sample(COLUMNS, 2)
    by_year = rng.random() < 0.5
    names = list(YEARS) if by_year else [company.name for company in rng.sample(companies(), 3)]
    figures = rng.sample(range(1, 100), 6)
    lines = [(name, figures[2 * k : 2 * k + 2]) for k, name in enumerate(names)]
    table = html("연도" if by_year else "회사", columns, lines, spanned=rng.random() < 0.15)
    asked = []
    for k in sorted(rng.sample(range(6), 2)):
        name, column, right = names[k // 2], columns[k % 2], str(figures[k])
        f = {
            "row": name,
            "column": column,
            "column는": with_particle(column, "는"),
            "column를": with_particle(column, "를"),
        }
        asked.append(
            {
                "question-1": rng.choice(ASK).format_map(f),
                "answer": right,
                "answer_type": "추출형",
                "wrong_answer": [str(other) for other in figures if str(other) != right][:3],
                "clue": [{"clue_text": name}, {"clue_text": column}],
            }
        )
    if rng.random() < 0.02:
        asked.append(
            {
                "question-1": f"{names[0]}의 주가는 얼마인가?",
                "answer": "",
                "answer_type": "답변 불가",
                "wrong_answer": [],
                "clue": [],
            }
        )
    return {"context": table, "qas": asked}


def table_qa() -> dict[str, bytes]:
    """table_qa: a training and a validation zip, their JSON opening with a byte-order mark."""
    rng = random.Random("table_qa")
    contexts = [context(rng) for _ in range(560)]
    files = {}
    for short, part in (("TL", contexts[:480]), ("VL", contexts[480:])):
        dataset = {"identifier": f"TABLE-{short}", "name": "표 정보 질의응답", "context_info": part}
        files[f"{short}_표_질의응답.zip"] = zip_bytes(
            {f"{short}_표_질의응답.json": json_bytes({"dataset": dataset}, bom=True)}
        )
    return files
