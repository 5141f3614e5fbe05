import pytest

from lineage.readers.text.control_tokens import control_token

TOKENS = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|start_header_id|>", "<|begin_of_text|>",
    "<|reserved_special_token_7|>", "<|end|>", "<|user|>", "<|assistant|>", "<|START_OF_TURN_TOKEN|>", "<|endofturn|>",
    "[|endofturn|]", "[|assistant|]", "<｜end▁of▁sentence｜>", "<｜User｜>", "<s>", "</s>", "<unk>", "<pad>", "<mask>",
    "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]", "<<SYS>>", "<</SYS>>", "[CLS]", "[SEP]",
    "[MASK]", "[PAD]", "[UNK]", "[BOS]", "[EOS]", "[gMASK]", "<unused3>", "<extra_id_0>", "[TOOL_CALLS]", "<usr>",
    "<EOS_TOKEN>",
]  # fmt: skip
TEXTS = [
    "매출액 △5.2%p", "E[|X|] = 0", "<|x|>", "[주1] [단위: 원] [표 1]", "<개정 2024.1.1>", "<A사>", "a < b | c > d",
    "<그림 1>", "<br>", "<p>가</p>", "|표|칸|", "[전화번호]", "PAD", "</strong>", "f<|x|, 2|>", "[|3.5|]", "[2024]",
]  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
def test_tokens_of_any_tokenizer_are_found_behind_what_is_not_seen(token: str) -> None:
    assert control_token(f"한도는 {token} 5천만원이다")
    for unseen in ("\u200b", "\u200d", "\u00ad", "\ufeff", "\u2060", "\ufe0f", "\u202e"):
        assert control_token(f"한도{token[:2]}{unseen}{token[2:]}")
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in token)
    assert control_token(wide) == control_token(token)


@pytest.mark.parametrize("text", TEXTS)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert control_token(text) == ""
