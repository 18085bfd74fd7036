"""Editors' Markdown to HTML that is safe to insert anywhere: rendered with markdown-it, then sanitised with nh3."""

from __future__ import annotations

import nh3
from markdown_it import MarkdownIt

# Raw HTML in the source stays text; nh3 is the second wall, not the only one.
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").enable("strikethrough")
_TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "h3", "h4",
         "table", "thead", "tbody", "tr", "th", "td", "hr"}


def render(text: str) -> str:
    """HTML of only harmless tags; links open in a new tab and only to http, https, mailto and tel."""
    return nh3.clean(
        _MARKDOWN.render(text), tags=_TAGS, attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"}, link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    ).strip()
