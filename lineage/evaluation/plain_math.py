r"""Text without full-width letters and LaTeX's layout: `\$1{,}234.50` → `$1,234.50`, `$\dfrac12$` → `\frac12`."""

import re

_FULL_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {ord("￦"): "₩", ord("﹪"): "%", ord("\u00a0"): " "}
_VULGAR = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅛": "1/8"}
_DOLLAR = "\x02"  # one that is money, while those around mathematics are taken away
_LATEX = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\\$", _DOLLAR),
        (r"\\%", "%"),
        (r"\{,\}|,\\!", ","),
        (r"\\!|\\(?:left|right|displaystyle)\b|\^\s?\{?\\circ\}?", ""),
        (r"\\[,;: ]", " "),
        (r"\\[dtc]frac", r"\\frac"),
        (r"\\(?:text|mbox|mathrm|textbf|mathbf)\s?\{([^{}]*)\}", r"\1"),
        (r"\\times", "×"),
        (r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*", r"\1"),  # bold, in Markdown
        (r"\$\$?(?=\S)([^$\n]*[^$\s])\$\$?(?!\d)", r"\1"),  # mathematics, told from money as pandoc does
        (_DOLLAR, "$"),
    )
)


def plain(text: str) -> str:
    """The text for reading numbers; fractions, roots and boxes stay."""
    text = text.translate(_FULL_WIDTH)
    text = re.sub(f"(?<=\\d)(?=[{''.join(_VULGAR)}])", " ", text)
    for char, spelled in _VULGAR.items():
        text = text.replace(char, spelled)
    for pattern, replacement in _LATEX:
        text = pattern.sub(replacement, text)
    return text
