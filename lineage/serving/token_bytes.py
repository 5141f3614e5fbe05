"""The bytes of a token. A Hangul syllable may be three tokens of a byte each, and none of them is text alone."""

import re
from typing import Any

BYTE = re.compile(r"<0x([0-9A-F]{2})>")  # how SentencePiece spells a byte that is no token of its own
SPACE = "\u2581"  # and how a space


class TokenBytes:
    """What the tokens of a tokenizer are made of."""

    def __init__(self, tokenizer: Any) -> None:
        from tokenizers.decoders import ByteLevel

        self._tokenizer = tokenizer
        self._added = {number: one.content for number, one in tokenizer.added_tokens_decoder.items()}
        of_bytes = isinstance(tokenizer.backend_tokenizer.decoder, ByteLevel)
        self._letters = letters_of_bytes() if of_bytes else None

    def of(self, token: int) -> bytes | None:
        """Its bytes; None where the base has a row for it, and the tokenizer no token."""
        if token in self._added:
            return str(self._added[token]).encode()
        if token >= len(self._tokenizer):
            return None
        spelled = str(self._tokenizer.convert_ids_to_tokens(token))
        if self._letters:
            return bytes(self._letters[letter] for letter in spelled)
        if found := BYTE.fullmatch(spelled):
            return bytes([int(found[1], 16)])
        return spelled.replace(SPACE, " ").encode()


def letters_of_bytes() -> dict[str, int]:
    """The letter by which a byte-level vocabulary spells each byte: GPT-2's, which Qwen and Llama 3 took over."""
    shown = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {chr(byte): byte for byte in shown} | {chr(256 + place): byte for place, byte in enumerate(hidden)}
