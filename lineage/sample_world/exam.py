"""Questions of an examination in economics, five options each, as the system sgecon has them: tesat."""

import random
from typing import Any

from lineage.sample_world.glossaries import ATTRIBUTES, GLOSSARIES, LISTED, Entry, entries
from lineage.sample_world.packing import json_bytes


def tesat() -> dict[str, bytes]:
    """tesat: JSON of 문제, 보기 and the number of the right one; one on each of the terms that no glossary lists."""
    rng = random.Random("tesat")
    rows: list[dict[str, Any]] = []
    asked_about = [entry for things in GLOSSARIES for entry in entries(things)[LISTED:]]
    for entry in rng.sample(asked_about, len(asked_about)):
        others = rng.sample([name for name in ATTRIBUTES if name != entry.attribute], 4)
        options = [entry, *(Entry(name, entry.thing, entry.gloss) for name in others)]
        rng.shuffle(options)
        of_meaning = rng.random() < 0.5
        asked = f"다음 중 {entry.term}의 뜻은?" if of_meaning else f"{entry.short}, 이것을 이르는 말은?"
        said = [option.short if of_meaning else option.term for option in options]
        rows.append({"문제": asked, "보기": said, "정답": str(options.index(entry) + 1)})
    return {"오늘의_문제.json": json_bytes(rows)}
