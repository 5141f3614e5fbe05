"""Whether an adapter reads and writes as the chain does: its tokenizer and its chat template against `models/base`.

Both are compared by what they do. The vocabularies must be the same, token by token; a probe must become the same
tokens; and conversations must be rendered alike by both templates. Templates are run in transformers' sandbox. What
the folder does not hold cannot be compared: that is said, and written down.
"""

import json
from pathlib import Path
from typing import Any

from lineage.adoption.source_folder import Folder
from lineage.core import paths
from lineage.core.errors import LineageError

PROBE = (
    "제3조(상장요건) ① 자기자본이 1,000억원 이상일 것.\n\n2024-09-01  매출액: 12,345.67백만원 (△3.2%)",
    "KOSPI 200 futures don't settle daily; they're marked-to-market.\tx = (a+b)*c // 2 == 0?",
    "证券交易所 – 株式 «선물» 😀 \u00a0\u200b",
)
_ASK = {"role": "user", "content": "코스피200이란?"}
_SAY = {"role": "assistant", "content": "대표 지수입니다."}
CONVERSATIONS = {
    "a question": ([_ASK], True),
    "a question after a system message": ([{"role": "system", "content": "간단히 답하라."}, _ASK], True),
    "a second question": ([_ASK, _SAY, {"role": "user", "content": "왜?"}], True),
    "a question with its answer": ([_ASK, _SAY], False),
}


def check_tokenizer(folder: Folder, base: Path, tokenizer: Any) -> list[str]:
    """Notes on the tokenizer beside an adapter. base: `models/base`; tokenizer: the one in it, loaded.

    Raises:
        LineageError: naming the token, or the text, that differs.
    """
    where = folder.path / "tokenizer.json"
    if not where.is_file():
        return ["no tokenizer.json lies beside it: whether its vocabulary is the base's could not be checked"]
    from tokenizers import Tokenizer

    folder.text("tokenizer.json")  # its size
    try:
        theirs = Tokenizer.from_file(str(where))
    except Exception as error:  # the library raises a plain Exception
        raise LineageError(f"{where}: not a tokenizer ({error}); copy it anew from where it was trained") from error
    ours = Tokenizer.from_file(str(base / "tokenizer.json"))
    for one in (ours, theirs):
        one.no_truncation()
        one.no_padding()
    special = _special(folder)
    notes = _vocabulary(ours.get_vocab(True), theirs.get_vocab(True), special.get("pad_token"), where)
    for text in PROBE:
        found, expected = (one.encode(text, add_special_tokens=False).ids for one in (theirs, ours))
        if found != expected:
            at = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), -1)
            raise LineageError(
                f"{where}: it cuts text otherwise than {paths.BASE_TOKENIZER}: {text[:24]!r}… becomes "
                f"{len(found)} tokens, there {len(expected)}, and token {at} differs; it was trained on another base"
            )
    stop, pad = special.get("eos_token"), special.get("pad_token")
    if stop and stop != tokenizer.eos_token:
        raise LineageError(
            f"{folder.path}: its answers end with {stop}, the chain's with {tokenizer.eos_token}: a model that learnt "
            f"another stop would talk on; set a chain.template that ends with it, or train it again"
        )
    if not stop:
        notes.append("its tokenizer names no eos_token: whether its answers end as the chain's could not be checked")
    if pad and pad != tokenizer.pad_token:
        notes.append(f"it was padded with {pad}, the chain pads with {tokenizer.pad_token}; padding is never read")
    return notes


def check_template(folder: Folder, tokenizer: Any, shipped: dict[str, str], may_differ: bool) -> list[str]:
    """Notes on the chat template beside an adapter.

    Args:
        folder: the adapter's.
        tokenizer: of `models/base`, with the chain's template.
        shipped: name → text of the templates that a chain can have.
        may_differ: the user accepts another template; what differs is noted.

    Raises:
        LineageError: with the first conversation that the two write otherwise, and the template that fits, if one does.
    """
    text = _template(folder)
    if text is None:
        return ["no chat template lies beside it: whether it was trained with the chain's could not be checked"]
    differs = _difference(tokenizer, text, tokenizer.chat_template)
    if not differs:
        return []
    what, found, expected = differs
    said = f"its chat template is another than the chain's: of {what} it makes {found!r}, the chain {expected!r}"
    if may_differ:
        return [said]
    fits = [name for name, other in shipped.items() if not _difference(tokenizer, text, other)]
    remedy = f"Set chain.template: {fits[0]}, which writes as it does" if fits else "None of this project does"
    raise LineageError(
        f"{folder.path}: {said}. {remedy}; or accept the difference with --template-may-differ, which is written down"
    )


def _difference(tokenizer: Any, theirs: str, ours: str) -> tuple[str, str, str] | None:
    """The first conversation that two templates write otherwise, and the texts from just before they part."""
    for what, (turns, ask) in CONVERSATIONS.items():
        expected, found = (_rendered(tokenizer, text, turns, ask) for text in (ours, theirs))
        if not ask:  # what stands behind the last stop is never read
            expected, found = expected.rstrip(), found.rstrip()
        if found != expected:
            at = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), 0)
            start = max(0, at - 12)
            return what, found[start : at + 48], expected[start : at + 48]
    return None


def _rendered(tokenizer: Any, template: str, turns: list[dict[str, str]], ask: bool) -> str:
    from jinja2 import TemplateError

    try:
        return str(
            tokenizer.apply_chat_template(turns, chat_template=template, tokenize=False, add_generation_prompt=ask)
        )
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError, MemoryError) as error:
        return f"(nothing: {error})"


def _template(folder: Folder) -> str | None:
    """The template of a folder: a file of its own, or a field of the tokenizer's config, perhaps a list."""
    if text := folder.text("chat_template.jinja"):
        return text
    found = folder.json("tokenizer_config.json").get("chat_template")
    if isinstance(found, list):
        found = next((one.get("template") for one in found if one.get("name") == "default"), None)
    return found if isinstance(found, str) and found else None


def _special(folder: Folder) -> dict[str, str]:
    """eos_token and pad_token as the folder names them, each a text or an object with `content`."""
    named = folder.json("special_tokens_map.json") | folder.json("tokenizer_config.json")
    plain = {name: one.get("content") if isinstance(one, dict) else one for name, one in named.items()}
    return {name: str(plain[name]) for name in ("eos_token", "pad_token") if isinstance(plain.get(name), str)}


def _vocabulary(ours: dict[str, int], theirs: dict[str, int], pad: str | None, where: Path) -> list[str]:
    extra = sorted(set(theirs) - set(ours), key=lambda token: theirs[token])
    moved = sorted(token for token in ours if theirs.get(token) != ours[token])
    if moved:
        one = moved[0]
        raise LineageError(
            f"{where}: {len(moved):,} tokens are not those of {paths.BASE_TOKENIZER}; {json.dumps(one)} has the id "
            f"{theirs.get(one)}, there {ours[one]}; it was trained on another base"
        )
    if extra == [pad]:
        return [f"it was padded with a token of its own, {pad}; padding is never read"]
    if extra:
        raise LineageError(
            f"{where}: {len(theirs):,} tokens, {paths.BASE_MODEL} has {len(ours):,}; the first that is new is "
            f"{extra[0]!r}. A chain cannot carry tokens that only this adapter knows: train it again without them"
        )
    return []
