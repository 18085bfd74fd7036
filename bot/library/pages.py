"""Questions and answers from saved web pages: FAQPage in JSON-LD, ``<details>``, or headings that are questions."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from typing import Any

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from markdownify import markdownify

#: What is no part of an answer. Pictures too: only those that an editor put in are shown (docs/editor.md).
_DROPPED = [
    "script",
    "style",
    "iframe",
    "object",
    "embed",
    "svg",
    "form",
    "noscript",
    "template",
    "img",
    "video",
    "audio",
]
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_SPACES = re.compile(r"[ \t\xa0]+")


def pairs(html: str) -> list[tuple[str, str]]:
    """(question, answer in Markdown) of a page, in its order: the first of the three ways that finds any."""
    soup = _soup(html)
    return list(_json_ld(soup)) or list(_details(soup)) or list(_under_headings(soup))


def as_markdown(html: str) -> str:
    """HTML of another system as Markdown; scripts, frames and pictures are dropped."""
    soup = _soup(html)
    for unwanted in soup(_DROPPED):
        unwanted.decompose()
    text = markdownify(str(soup), heading_style="ATX", bullets="-")
    lines = [line.rstrip() for line in text.replace("\xa0", " ").splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _soup(html: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(html, "html.parser")


def _json_ld(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """schema.org/FAQPage: ``mainEntity`` is a list of Question with ``name`` and ``acceptedAnswer.text`` (HTML)."""
    for script in soup("script", attrs={"type": "application/ld+json"}):
        try:
            told = json.loads(script.get_text())
        except (ValueError, RecursionError):
            continue
        for page in _of_type(told, "FAQPage"):
            for question in _of_type(page.get("mainEntity"), "Question"):
                answer = question.get("acceptedAnswer")
                answer = answer[0] if isinstance(answer, list) and answer else answer
                if isinstance(answer, dict) and isinstance(answer.get("text"), str):
                    name = str(question.get("name", ""))
                    yield (
                        _plain(_soup(name).get_text(" ") if re.search("[<&]", name) else name),
                        as_markdown(answer["text"]),
                    )


def _of_type(told: Any, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(told, list):
        for one in told:
            yield from _of_type(one, kind)
    elif isinstance(told, dict):
        types = told.get("@type")
        if kind == types or (isinstance(types, list) and kind in types):
            yield told
        elif "@graph" in told:
            yield from _of_type(told["@graph"], kind)


def _details(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    for details in soup("details"):
        summary = details.find("summary")
        if isinstance(summary, Tag):
            question = _plain(summary.get_text(" "))
            summary.extract()
            yield question, as_markdown(details.decode_contents())


def _under_headings(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Headings that end with a question mark; the answer goes on to the next heading."""
    for heading in soup(_HEADINGS):
        question = _plain(heading.get_text(" "))
        if not question.endswith("?"):
            continue
        answer = []
        for sibling in heading.next_siblings:
            if isinstance(sibling, Tag) and (sibling.name in _HEADINGS or sibling.find(_HEADINGS)):
                break
            answer.append(str(sibling))
        yield question, as_markdown("".join(answer))


def _plain(text: str) -> str:
    return _SPACES.sub(" ", " ".join(text.split()))
