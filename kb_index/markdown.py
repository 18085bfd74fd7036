"""Editors' Markdown to HTML that is safe to insert anywhere: rendered with markdown-it, then sanitised with nh3."""

from __future__ import annotations

import re
from html import escape
from typing import Any
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

#: Where the desk gives the pictures of answers; what follows is a name: half of the hash of what is in the picture, its
#: width and height (bot/library/pictures.py).
PICTURES = "/pictures/"
NAME = re.compile(r"([0-9a-f]{32})-(\d{1,5})x(\d{1,5})\.(?:png|jpeg|gif|webp)")
_OURS = re.compile(PICTURES + NAME.pattern)

#: Named in what rendering is told: pictures are to be told in words.
_WORDS = "words"

# Raw HTML in the source stays text; nh3 is the second wall, not the only one.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").enable("strikethrough")
_TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "h3", "h4",
         "table", "thead", "tbody", "tr", "th", "td", "hr", "img"}
#: Above an answer stand the headings of its page, and few have more than two kinds of their own.
_SHOWN_AS = {"h1": "h3", "h2": "h3", "h5": "h4", "h6": "h4"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": {"src", "alt", "width", "height", "loading"}}


def _ours(image: Token) -> re.Match[str] | None:
    return _OURS.fullmatch(str(image.attrGet("src") or ""))


def _said(image: Token) -> str:
    """What a picture shows, in words."""
    return RendererHTML().renderInlineAsText(image.children, _MARKDOWN.options, {})


def _picture(self: Any, tokens: Any, place: int, options: Any, env: Any) -> str:
    """One of ours with its size, so that nothing jumps when it comes; any other is left out."""
    hit, said = _ours(tokens[place]), _said(tokens[place])
    if hit is None:
        return ""
    if env.get(_WORDS):
        return escape(said)
    tokens[place].attrs = {"src": hit[0], "alt": said, "width": hit[2], "height": hit[3], "loading": "lazy"}
    return str(self.renderToken(tokens, place, options, env))


_MARKDOWN.add_render_rule("image", _picture)


def _heading(self: Any, tokens: Any, place: int, options: Any, env: Any) -> str:
    tokens[place].tag = _SHOWN_AS.get(tokens[place].tag, tokens[place].tag)
    return str(self.renderToken(tokens, place, options, env))


_MARKDOWN.add_render_rule("heading_open", _heading)
_MARKDOWN.add_render_rule("heading_close", _heading)


def _kept(tag: str, attribute: str, value: str) -> str | None:
    return value if tag != "img" or attribute != "src" or _OURS.fullmatch(value) else None


def is_mute(text: str) -> bool:
    """Whether a picture of ours in this Markdown has no words for who cannot see it."""
    return any(_ours(image) and not _said(image).strip() for image in _images(text))


def own_pictures(text: str) -> list[str]:
    """The names of the pictures of ours in this Markdown, each once, in its order."""
    return list(dict.fromkeys(hit[0].removeprefix(PICTURES) for image in _images(text) if (hit := _ours(image))))


def foreign_pictures(text: str) -> list[str]:
    """The addresses of pictures that are left out, since they are not ours."""
    return [str(image.attrGet("src")) for image in _images(text) if not _ours(image)]


def readdressed(text: str, old: str, new: str) -> str:
    """The same Markdown with pictures at `new` that stood at `old`, as :func:`foreign_pictures` tells it."""
    for written in dict.fromkeys((old, unquote(old))):
        # Inline or as a reference, in angle brackets or not.
        text = re.sub(rf"(\](?:\(|:)\s*<?){re.escape(written)}(?=[\s>)]|$)", lambda hit: hit[1] + new, text)
    return text


def _images(text: str) -> list[Token]:
    if "![" not in text:  # an answer can be long, and few have pictures
        return []
    return [one for block in _MARKDOWN.parse(text) for one in block.children or [] if one.type == "image"]


def render(text: str, pictures: bool = True) -> str:
    """HTML of only harmless tags; links open in a new tab and only to http, https, mailto and tel; of pictures only our
    own are shown, and without `pictures` what they show in words."""
    return nh3.clean(
        _MARKDOWN.render(text, {_WORDS: not pictures}), tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_kept,
        url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    ).strip()
