"""The drawn papers, drawn once."""

import pytest

from benchmarks.drawn import draw_papers
from benchmarks.drawn.canvas import Paper


@pytest.fixture(scope="session")
def drawn() -> dict[str, Paper]:
    return {paper.facts.file: paper for paper in draw_papers()}
