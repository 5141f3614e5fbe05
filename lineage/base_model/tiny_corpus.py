"""What the tiny base model reads before any version: words of financial Korean, English and Chinese, and ChatML.

It holds no row of any source and depends on none, so a base is never stale because data changed, and no held-out
group can be inside it. What it says means little: words of `lexicon.txt` in random order teach the embeddings, which
the adapters cannot change, equations teach the look of small sums, and questions whose answer stands in them (copying,
looking up, choosing, writing JSON) teach the special tokens and the habit of answering.
"""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

Turns = tuple[dict[str, str], ...]

UNITS = ("원", "십억원", "주", "%", "개", "년", "일", "명", "쪽", "배")
LETTERS = "ABCD"


@cache
def lexicon() -> tuple[tuple[str, ...], ...]:
    """The Korean, the English and the Chinese words, each paragraph of `lexicon.txt` under its heading."""
    paragraphs = (Path(__file__).parent / "lexicon.txt").read_text(encoding="utf-8").split("# ")[1:]
    korean, english, chinese = (tuple(paragraph.split()[1:]) for paragraph in paragraphs)
    return korean, english, chinese


def rows(count: int, seed: int) -> Iterator[str | Turns]:
    """`count` passages and questions; the same seed gives the same rows."""
    rng = random.Random(f"base corpus {seed}")
    for _ in range(count):
        yield rng.choice((passage, passage, sums, look_up, choose, choose, choose, repeat, write_json))(rng)


def passage(rng: random.Random) -> str:
    """Prose of one language, an article, or lines of a statement."""
    kind = rng.randrange(6)
    if kind == 0:
        heading = f"제{rng.randint(1, 99)}조({_korean(rng)}) ① {_sentence(rng)}"
        return "\n".join(
            [
                heading,
                f"1. {_korean(rng)}",
                f"2. {_korean(rng)}",
                f"② {_sentence(rng)} <개정 {rng.randint(2019, 2025)}.1.1>",
            ]
        )
    if kind == 1:
        return "\n".join(f"{_korean(rng)} {_figure(rng)} {_figure(rng)}" for _ in range(4))
    return " ".join(_sentence(rng) for _ in range(2))


def sums(rng: random.Random) -> str:
    """A few equations with small numbers, as a school book has them."""
    lines = []
    for _ in range(6):
        a, b = rng.randint(1, 9), rng.randint(1, 9)
        sign, result = rng.choice((("+", a + b), ("-", a - b), ("x", a * b)))
        if sign == "-" and result < 0:
            a, b, result = b, a, -result
        lines.append(f"{a} {sign} {b} = {result}.")
    return "\n".join(lines)


def look_up(rng: random.Random) -> Turns:
    """A table and the value of one of its lines."""
    names = [_korean(rng) for _ in range(rng.randint(2, 4))]
    values = [_figure(rng) for _ in names]
    pick = rng.randrange(len(names))
    table = "\n".join(f"{name} | {value}" for name, value in zip(names, values, strict=True))
    return _turns(f"{table}\n\n{names[pick]} {_korean(rng)}?", values[pick])


def choose(rng: random.Random) -> Turns:
    """Lettered options, one of which the question names; few words, so that finding one again can be learnt."""
    words = rng.sample(lexicon()[0][::12], len(LETTERS))
    pick = rng.randrange(len(words))
    options = "\n".join(f"{letter}. {word}" for letter, word in zip(LETTERS, words, strict=True))
    return _turns(f"{words[pick]} {_korean(rng)}?\n{options}", f"{LETTERS[pick]}. {words[pick]}")


def repeat(rng: random.Random) -> Turns:
    """A sentence to say again."""
    sentence = _sentence(rng)
    return _turns(f"{_korean(rng)}\n{sentence}", sentence)


def write_json(rng: random.Random) -> Turns:
    """Words and a figure to put into a JSON object."""
    name, text, label, figure = _phrase(rng), _sentence(rng), _korean(rng), _figure(rng)
    answer = {"제목": name, "내용": [text], "표": [[label, figure]]}
    return _turns(
        f"{name} JSON\n{text} {label} {figure}", json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    )


def _turns(prompt: str, answer: str) -> Turns:
    return ({"role": "user", "content": prompt}, {"role": "assistant", "content": answer})


def _korean(rng: random.Random) -> str:
    return rng.choice(lexicon()[0])


def _phrase(rng: random.Random) -> str:
    return " ".join(_korean(rng) for _ in range(rng.randint(1, 3)))


def _sentence(rng: random.Random) -> str:
    korean, english, chinese = lexicon()
    kind = rng.randrange(8)
    if kind == 0:
        words = [rng.choice(chinese) for _ in range(rng.randint(3, 6))]
        return "".join([*words, str(rng.randint(1, 99)), rng.choice(chinese), "。"])
    words = [rng.choice(english if kind in (1, 2) else korean) for _ in range(rng.randint(4, 9))]
    words.insert(rng.randrange(len(words)), _figure(rng))
    return " ".join(words) + rng.choice([".", ".", "?"])


def _figure(rng: random.Random) -> str:
    number = rng.choice((rng.randint(1, 99), rng.randint(1, 99), rng.randint(100, 9999)))
    return f"{rng.choice(('', '', '', '△'))}{number:,}{rng.choice(('', *UNITS))}"
