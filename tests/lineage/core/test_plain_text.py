import io

import pytest
from markdown_it import MarkdownIt
from rich.console import Console
from rich.markup import render

from lineage.core.plain_text import for_markdown, for_markup, one_line, plain


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("\x9b31mred", "\\x9b31mred"),
        ("a\rb\x00\x7f", "a␍b␀␡"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("half \ud83d", "half \\ud83d"),
        ("두 줄\r\n\t한국어 △ 1,234 🏦", "두 줄\n\t한국어 △ 1,234 🏦"),
    ],
)
def test_what_steers_a_terminal_is_made_visible_and_the_rest_stays(written, shown):
    assert plain(written) == shown
    shown.encode()


def test_one_line_has_no_white_space_but_spaces():
    assert one_line(" a\n\tb\u2028c  d ") == "a b\\u2028c d"


@pytest.mark.parametrize("written", ["[red]x[/red]", "[/]", "[link=http://x]y[/link]", "C:\\[bold]", "[금융] 표"])
def test_markup_of_rich_is_shown(written):
    assert render(for_markup(written)).plain == written
    page = io.StringIO()
    Console(file=page, width=80, color_system=None).print(f"[bold]because[/]: {for_markup(written)}")
    assert page.getvalue() == f"because: {written}\n"


@pytest.mark.parametrize(
    "written",
    [
        "<script>alert(1)</script>",
        "[a](javascript:alert(1))",
        "![x](http://host/pixel.png)",
        "**bold** _it_ `code` ~~no~~ # head",
        "&lt;b&gt; a\\*b",
        "two | cells",
        "krx_samples 10%",
    ],
)
def test_markdown_and_html_are_shown(written):
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (block,) = [t for t in rendered.parse(f"because: {for_markdown(written)}") if t.type == "inline"]
    assert {t.type for t in block.children} <= {"text", "text_special"}
    assert "".join(t.content for t in block.children) == f"because: {written}"
    table = rendered.parse(f"| a | b |\n|---|---|\n| {for_markdown(written)} | end |\n")
    cells = [t for at, t in enumerate(table) if t.type == "inline"]
    assert [("".join(c.content for c in t.children)) for t in cells] == ["a", "b", written, "end"]


def test_a_word_with_underscores_stays_readable():
    assert for_markdown("krx_samples") == "krx_samples"
