"""The templates that a chain may have: read, and put into the tokenizer of its base.

`chain.template` names a file of `templates/`. The `base` stage alone puts its text and its stop into the tokenizer;
all others read them there.

A base that begins every text with a token of its own, as Llama and Gemma do, begins every conversation with it: it is
written into the template, since that is all that training, evaluation and servers share.
"""

import json
from pathlib import Path
from typing import Any

from lineage.core.errors import LineageError

START, STOP, PAD = "<|im_start|>", "<|im_end|>", "<|endoftext|>"  # of ChatML and Qwen2
END_OF_TURN = "<|end_of_turn|>"  # of openchat 3.5, there the token 32000
HEADER = "<|start_header_id|>"  # of Llama 3, and of openchat 3.6 on it
# The tokens that a template needs in the base's vocabulary, the last of them its stop, and who has them.
TOKENS = {"chatml": (START, STOP), "openchat_3_5": (END_OF_TURN,)}
SPEAKERS = {"chatml": "a ChatML model such as Qwen2", "openchat_3_5": "openchat 3.5 or a model tuned from it"}
FOLDER = Path(__file__).parent / "templates"


def template(name: str, begins: str = "") -> str:
    """The text of a shipped template. begins: the token that stands before every conversation, if the base has one."""
    text = (FOLDER / f"{name}.jinja").read_text(encoding="utf-8")
    return f"{{{{- {json.dumps(begins, ensure_ascii=False)} -}}}}{text}" if begins else text


def beginning(tokenizer: Any) -> str:
    """The token that a tokenizer puts before every text by itself; empty if it puts none."""
    token, number = tokenizer.bos_token, tokenizer.bos_token_id
    return str(token) if token is not None and tokenizer("a")["input_ids"][:1] == [number] else ""


def equip(tokenizer: Any, name: str, where: str) -> None:
    """Give a tokenizer the template `name` and its stop token, which is its end of sequence from now on.

    Raises:
        LineageError: the template's tokens are not in its vocabulary, its turns are those of openchat 3.6 where 3.5's
            were asked for, or its pad is its stop: the stop would never be learnt.
    """
    if name == "openchat_3_5" and (HEADER in tokenizer.get_vocab() or HEADER in str(tokenizer.chat_template)):
        raise LineageError(
            f"{where}: it begins turns with {HEADER}, as openchat 3.6 on Llama 3 does; chain.template: {name} is that "
            f"of openchat 3.5. Take a base of openchat 3.5, or set chain.template: question_answer"
        )
    for token in TOKENS.get(name, ()):
        if len(tokenizer(token, add_special_tokens=False)["input_ids"]) != 1:
            raise LineageError(
                f"{where}: its tokenizer has no single token {token}; chain.template: {name} needs {SPEAKERS[name]}. "
                f"Set chain.template: question_answer, which needs no tokens of its own"
            )
    if name in TOKENS:
        tokenizer.eos_token = TOKENS[name][-1]
    if tokenizer.eos_token is None:
        raise LineageError(
            f'{where}: its tokenizer has no "eos_token", so no answer could end; name one in tokenizer_config.json'
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = _padding(tokenizer)
    if tokenizer.pad_token in (None, tokenizer.eos_token):
        raise LineageError(
            f"{where}: its tokenizer pads with {tokenizer.pad_token}, so that padding and the stop "
            f"{tokenizer.eos_token} could not be told apart; "
            f'set "pad_token" to another special token in its tokenizer_config.json, such as {PAD} for Qwen2'
        )
    tokenizer.chat_template = template(name, beginning(tokenizer))


def _padding(tokenizer: Any) -> str | None:
    """A special token to pad with, of a tokenizer that names none, as Llama's: the likeliest that means nothing else.

    Padding is masked and has no loss, so that only a token that is said or asked with would do harm.
    """
    taken = {tokenizer.eos_token, tokenizer.bos_token, START, STOP, END_OF_TURN}
    special = [token.content for _, token in sorted(tokenizer.added_tokens_decoder.items()) if token.special]
    free = [token for token in special if token not in taken]
    likely = [token for token in free if token == PAD or "pad" in token.lower()]
    return next(
        iter([*likely, *(token for token in free if "reserved" in token or token == tokenizer.unk_token)]), None
    )
