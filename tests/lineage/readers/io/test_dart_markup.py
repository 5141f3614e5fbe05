import io

import pytest

from lineage.readers.io import dart_markup
from lineage.readers.io.dart_markup import Token, tokens


def read(text: str) -> list[Token]:
    merged: list[Token] = []
    for kind, name, attributes in tokens(io.StringIO(text)):
        if kind == "text" and merged and merged[-1][0] == "text":
            merged[-1] = ("text", merged[-1][1] + name, {})
        else:
            merged.append((kind, name, attributes))
    return merged


def said(text: str) -> str:
    return "".join(name for kind, name, _ in read(text) if kind == "text")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("R&D <Global Music Report 2023>", "R&D <Global Music Report 2023>"),
        ("<한국기업평가> <NICE 신용평가> <당기말> <A> <표1>", "<한국기업평가> <NICE 신용평가> <당기말> <A> <표1>"),
        ("1 < 2 && 3 > 2 &amp; &lt;주&gt; &#8212; &#x25B3;5%", "1 < 2 && 3 > 2 & <주> — △5%"),
        ("가&cr;나&amp;cr;다&nbsp;라", "가\n나\n다\u00a0라"),
        ("&unknown; AT&lt 100&copy", "&unknown; AT&lt 100&copy"),
        ("가<!-- <P>숨은 글</P> -->나<![CDATA[<P>&amp;]]>", "가나<P>&amp;"),
        ('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>&b;', "&b;"),
    ],
)
def test_what_is_no_tag_is_text(text: str, meant: str) -> None:
    assert said(text) == meant


def test_tags_with_their_attributes() -> None:
    assert read('<TU  AUNIT="WON" AUNITVALUE=\'1&amp;2\'>1</TU><IMAGE/><NEW-TAG A="1">x</NEW-TAG>') == [
        ("start", "TU", {"AUNIT": "WON", "AUNITVALUE": "1&2"}),
        ("text", "1", {}),
        ("end", "TU", {}),
        ("start", "IMAGE", {}),
        ("end", "IMAGE", {}),
        ("start", "NEW-TAG", {"A": "1"}),
        ("text", "x", {}),
        ("end", "NEW-TAG", {}),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_where_the_stream_is_cut_changes_nothing(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    text = '<P USERMARK="B">가&amp;나 <당기> R&D</P><!-- <P> --><![CDATA[<&]]>&cr;&amp;cr;<TABLE><TR>1 < 2'
    whole = read(text)
    monkeypatch.setattr(dart_markup, "CHUNK", size)
    assert read(text) == whole
