"""The special tokens of the base's own tokenizer, as a row's text may spell them: `<|im_end|>` amid an answer.

Written in a text they become the token itself, and are learnt as a stop, a turn or padding. What ingest searches for is
a list of known spellings; this is what the tokenizer at hand really splits off. Rows that hold one are not trained on.
"""

import re
from collections.abc import Iterable
from typing import Any

HELD = "holds a control token of the tokenizer"  # why a row was dropped
SHORTEST = 3  # characters: a tokenizer that pads with "!" must not cost every row that exclaims


def special_tokens(tokenizer: Any) -> re.Pattern[str]:
    """A pattern that finds the special tokens of a tokenizer as it would find them itself."""
    added = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    spelled = sorted(token for token in added.union(tokenizer.all_special_tokens) if len(token) >= SHORTEST)
    return re.compile("|".join(map(re.escape, spelled)) or r"(?!)")


def held(special: re.Pattern[str], turns: Iterable[dict[str, str]], *answers: str) -> bool:
    """Whether one of the turns or answers spells a special token."""
    return any(special.search(text) for text in (*(turn["content"] for turn in turns), *answers))
