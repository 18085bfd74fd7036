"""Questions and answers from saved web pages: FAQPage in JSON-LD, ``<details>``, or headings that are questions."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from copy import copy
from typing import Any, NamedTuple

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.element import CData, NavigableString
from markdownify import markdownify

#: What is no part of an answer, and in what words it is told. Pictures too: only those that an editor put in are shown
#: (docs/editor.md).
_UNSEEN = ("script", "style", "svg", "form", "noscript", "template")
_MISSED = (("picture", "pictures", ("img",)),
           ("video or other frame", "videos or other frames", ("video", "audio", "iframe", "object", "embed")))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: What stands within a word or a line; anything else parts words.
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}
_SPACES = re.compile(r"[ \t\xa0]+")


class Text(NamedTuple):
    """Markdown, and in words what of the HTML it cannot hold: ``2 pictures``, or nothing."""

    markdown: str
    missed: str = ""


Pair = tuple[str, Text]


def pairs(html: str, faults: list[str]) -> list[Pair]:
    """(question, answer) of a page, in its order: the first of the three ways that finds any. One may be empty where
    the page has none. `faults` gets what could not be read."""
    soup = _soup(html)
    found: list[Pair] = []
    for way in (_json_ld(soup, faults), _details(soup), _under_headings(soup)):
        of_way = list(way)
        if any(question and answer.markdown for question, answer in of_way):
            return of_way
        found = found or of_way
    return found


def as_markdown(html: str) -> Text:
    """HTML of another system as Markdown; scripts, frames and pictures are dropped."""
    soup = _soup(html)
    for unwanted in soup(_UNSEEN):
        unwanted.decompose()
    missed = []
    for one, many, tags in _MISSED:
        for unwanted in (there := soup(tags)):
            unwanted.extract()
        if there:
            missed.append(f"{len(there)} {many if len(there) > 1 else one}")
    text = markdownify(str(soup), heading_style="ATX", bullets="-")
    lines = [line.rstrip() for line in text.replace("\xa0", " ").splitlines()]
    return Text(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), " and ".join(missed))


def left_out(where: str, missed: str) -> str:
    """What a person is to know of a text that could not be taken whole."""
    return f"{where}: left out of its answer: {missed}; put pictures in with the editor"


def _soup(html: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        return BeautifulSoup(html, "html.parser")


def _json_ld(soup: BeautifulSoup, faults: list[str]) -> Iterator[Pair]:
    """schema.org/FAQPage, wherever it stands: below it are Questions with ``name`` and ``acceptedAnswer.text`` (HTML),
    or the ``@id`` of such."""
    for script in soup("script", attrs={"type": "application/ld+json"}):
        text = script.get_text()
        try:
            told = json.loads(text, strict=False)  # with the line breaks that editors leave in texts
            named = {str(one["@id"]): one for one in _of_type(told, "Question", {}) if "@id" in one}
            pages = list(_of_type(told, "FAQPage", {}))
            questions = [one for page in pages for part in page.values() for one in _of_type(part, "Question", named)]
        except (ValueError, RecursionError) as error:
            if "FAQPage" in text:
                faults.append(f"its FAQPage in JSON-LD cannot be read ({error})")
            continue
        for question in questions:
            name = str(question.get("name") or question.get("text") or "")
            yield _plain(_words(_soup(name)) if re.search("[<&]", name) else name), _answer(question)


def _answer(question: dict[str, Any]) -> Text:
    told = question.get("acceptedAnswer")
    for one in told if isinstance(told, list) else [told]:
        text = one.get("text") if isinstance(one, dict) else one
        if isinstance(text, str) and text.strip():
            return as_markdown(text)
    return Text("")


def _of_type(told: Any, kind: str, named: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All of a kind, at any depth, and those of `named` that are only referred to."""
    if isinstance(told, list):
        for one in told:
            yield from _of_type(one, kind, named)
    elif isinstance(told, dict):
        types = told.get("@type")
        if kind in map(_type, types if isinstance(types, list) else [types]):
            yield told
        elif types is None and str(told.get("@id")) in named:
            yield named[str(told["@id"])]
        else:
            for one in told.values():
                yield from _of_type(one, kind, named)


def _type(name: Any) -> str:
    """``https://schema.org/FAQPage`` and ``schema:FAQPage`` as ``FAQPage``."""
    return re.split("[/:#]", str(name))[-1]


def _details(soup: BeautifulSoup) -> Iterator[Pair]:
    """Each with its own text; those within it are questions of their own, of which it may be no more than the title."""
    for details in soup("details"):
        own = copy(details)
        summary = own.find("summary", recursive=False)
        question = _plain(_words(summary.extract())) if isinstance(summary, Tag) else ""
        inner = [one for one in own("details") if one.find("summary", recursive=False)]
        for one in inner:
            one.extract()
        answer = as_markdown(own.decode_contents())
        if answer.markdown or not inner:
            yield question, answer


def _under_headings(soup: BeautifulSoup) -> Iterator[Pair]:
    """Headings that end with a question mark; the answer goes on to the next heading."""
    for heading in soup(_HEADINGS):
        question = _plain(_words(heading))
        if not question.endswith("?"):
            continue
        answer = []
        for sibling in heading.next_siblings:
            if isinstance(sibling, Tag) and (sibling.name in _HEADINGS or sibling.find(_HEADINGS)):
                break
            # Written as it was: a comment stays one, and what stands for a "<" is no tag.
            answer.append(sibling.output_ready() if isinstance(sibling, NavigableString) else str(sibling))
        yield question, as_markdown("".join(answer))


def _words(tag: Tag) -> str:
    """The text of a tag, in which only what begins a line of its own, or a field, parts words."""
    said: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag):
            words = _words(child)
            said.append(words if child.name in _INLINE else f" {words} ")
        elif type(child) in (NavigableString, CData):  # no comments, no scripts
            said.append(str(child))
    return "".join(said)


def _plain(text: str) -> str:
    return _SPACES.sub(" ", " ".join(text.split()))
