"""Control tokens of tokenizers, as a text may hold them: what would end a turn, or begin one, in the midst of a text.

    "한도 </s> 5천만원"                       Llama 2, Mistral, SOLAR, KoGPT2: learnt as a stop
    "<|im_end|>", "<|eot_id|>", "[|endofturn|]", "<｜end▁of▁sentence｜>", "<end_of_turn>", "[INST]", "[SEP]", "<pad>"

Which base a row meets is not known when it is read, so those of all tokenizers are searched. They are found behind
invisible characters and in full-width letters too. Figures, mathematics (`E[|X|]`, `<|x|>`) and what only looks like a
tag (`<A사>`, `<개정 2024.1.1>`) are none.
"""

import re
import unicodedata

PIPED = r"<\|[A-Za-z_/][^|<>\s]{1,60}\|>|\[\|/?[A-Za-z_]{3,40}\|\]"  # ChatML, Llama 3, Phi, DeepSeek; EXAONE
NAMED = (  # T5, BERT, Gemma, KoGPT2, GLM, BLOOM
    r"</?s>|<(?:bos|eos|pad|unk|mask|cls|sep|eod|eop|sop|eot|usr|sys|BOS|EOS|PAD|UNK|MASK|CLS|SEP)>"
    r"|<(?:BOS|EOS|PAD|UNK|MASK|CLS|SEP|EOP)_TOKEN>"  # Command R
    r"|</?(?:start|end)_of_(?:turn|image|text)>|<(?:unused|extra_id_|reserved_)\d+>"
    r"|<\[?(?:SPECIAL|special|TOKENS|pad|PAD)_\d+\]?>"
)
SQUARE = (  # BERT, GLM; Llama 2, Mistral
    r"\[(?:CLS|SEP|MASK|PAD|UNK|BOS|EOS|gMASK|sMASK|sop|eop|TOOL_CALLS)\]"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS)\]|<</?SYS>>"
)
CONTROL_TOKEN = re.compile("|".join((PIPED, NAMED, SQUARE)))
# Format characters, joiners, variation selectors: what stands in a text unseen.
UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
MAY_HOLD = re.compile("[<\\[\ufe47\ufe64\uff1c\uff3b]")  # with those that are full-width; most texts hold none


def control_token(text: str) -> str:
    """The first control token of any tokenizer in a text, as it stands there without unseen characters; "" for none."""
    if not MAY_HOLD.search(text):
        return ""
    seen = UNSEEN.sub("", text)
    found = CONTROL_TOKEN.search(seen) or CONTROL_TOKEN.search(unicodedata.normalize("NFKC", seen))
    return found[0] if found else ""
