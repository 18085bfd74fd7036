"""Editors' Markdown to HTML that is safe to insert anywhere: rendered with markdown-it, then sanitised with nh3."""

from __future__ import annotations

import re
from typing import Any

import nh3
from markdown_it import MarkdownIt

#: Where the desk gives the pictures of answers; what follows is a picture's name (bot/library/pictures.py).
PICTURES = "/pictures/"
_OURS = re.compile(rf"{PICTURES}[0-9a-f]{{32}}-(\d{{1,5}})x(\d{{1,5}})\.(?:png|jpeg|gif|webp)")
#: A picture of ours that says nothing to who cannot see it.
_MUTE = re.compile(rf"!\[\s*\]\({PICTURES}")

# Raw HTML in the source stays text; nh3 is the second wall, not the only one.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").enable("strikethrough")
_TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "h3", "h4",
         "table", "thead", "tbody", "tr", "th", "td", "hr", "img"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt", "width", "height", "loading"}}


def _picture(self: Any, tokens: Any, place: int, options: Any, env: Any) -> str:
    """One of ours with its size, so that nothing jumps when it comes; any other is left out."""
    hit = _OURS.fullmatch(tokens[place].attrGet("src") or "")
    if hit is None:
        return ""
    said = self.renderInlineAsText(tokens[place].children or [], options, env)
    tokens[place].attrs = {"src": hit[0], "alt": said, "width": hit[1], "height": hit[2], "loading": "lazy"}
    return str(self.renderToken(tokens, place, options, env))


_MARKDOWN.add_render_rule("image", _picture)


def _kept(tag: str, attribute: str, value: str) -> str | None:
    return value if tag != "img" or attribute != "src" or _OURS.fullmatch(value) else None


def is_mute(text: str) -> bool:
    """Whether a picture of ours in this Markdown has no words for who cannot see it."""
    return bool(_MUTE.search(text))


def render(text: str) -> str:
    """HTML of only harmless tags; links open in a new tab and only to http, https, mailto and tel; of pictures only our
    own are shown."""
    return nh3.clean(
        _MARKDOWN.render(text), tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    ).strip()
