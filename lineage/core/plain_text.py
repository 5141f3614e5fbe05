"""Text that people or models wrote, shown as text: in a terminal, in Markdown, on one line.

A reason, a title or an answer may hold bytes that steer a terminal, `[red]` that rich takes for its markup, or `<b>`
and `[link](…)` that a card would render. HTML escapes by itself (Jinja's autoescape) and needs `plain` alone.
"""

import re

# Control characters but newline and tab, and what turns the reading direction or breaks a line without being one.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_MARKDOWN = re.compile(r"[\\`*\[\]<>|~$!#&]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is one


def plain(text: object) -> str:
    """The text with control characters made visible: `␛[31m` for an escape sequence; newlines and tabs stay."""
    return _STEERING.sub(_visible, str(text).replace("\r\n", "\n"))


def one_line(text: object) -> str:
    """The same on one line, each run of white space as one space: for a cell, a title, a log line."""
    return " ".join(plain(text).split())


def for_markup(text: object) -> str:
    """The same for a place where rich reads markup: `[red]` is shown, not obeyed. A whole cell: `Text(plain(…))`."""
    from rich.markup import escape

    return escape(plain(text))


def for_markdown(text: object) -> str:
    """The same on one line of Markdown, in a table's cell too: nothing in it is formatting, a link or HTML."""
    return _MARKDOWN.sub(_literal, one_line(text))


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _literal(found: re.Match[str]) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(found[0], f"\\{found[0]}")
