"""Exports of other help centres, by their published formats.

- Zendesk Guide, Help Center API ``/api/v2/help_center/articles``: ``{"articles": [{"id", "title", "body" (HTML),
  "section_id", "locale", "source_locale", "draft", "user_segment_id": who may see it, null for everyone,
  "translations"?: [{"locale", "title", "body", "draft"}]}], "sections"?: [{"id", "name"}], "translations"?:
  [{"source_id", …}]}``; the same id may come once a locale
- Intercom, ``GET /articles``: ``{"type": "list", "data": [{"type": "article", "id", "title", "body" (HTML), "state":
  "published"|"draft", "default_locale", "parent_id", "translated_content": {"fr": {"title", "body", "state"}}}]}``
- Chatwoot, ``/api/v1/accounts/ID/portals/SLUG/articles``: ``{"payload": [{"id", "title", "content" (Markdown),
  "status": "published"|"draft"|"archived", "locale", "associated_article_id": of which it is a translation,
  "category": {"name", "locale"}}], "meta"}``
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.library import pages
from kb_index.entry import AGENTS, EVERYONE
from kb_index.errors import BadEntry

if TYPE_CHECKING:
    from bot.library.importing import Origin, Row

#: An export, and where it stands.
Export = tuple[dict[str, Any], "Origin"]


def read(text: str) -> dict[str, Any] | None:
    """The export, or None where the file is none: then it is a plain list of entries, or broken."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and _kind(told) else None


#: The list of articles in each kind of export.
_LISTS = {"zendesk": "articles", "intercom": "data", "chatwoot": "payload"}


def _kind(told: dict[str, Any]) -> str:
    if isinstance(told.get("articles"), list):
        return "zendesk"
    if told.get("type") == "list" and isinstance(told.get("data"), list):
        return "intercom"
    return "chatwoot" if isinstance(told.get("payload"), list) else ""


def rows(exports: Sequence[Export], warnings: list[str]) -> Iterator[Row]:
    """The published articles of the exports, each before its translations, which may stand in any of the exports: they
    come in pages, and some a language. Drafts are left out, with a word; where an article is a draft, the first of its
    translations that is none stands for it. What only some may see there, such as staff or who is signed in, only
    agents may see here. Raises BadEntry for one that cannot be read."""
    elsewhere = {name: said for told, _ in exports for name, said in _sections(told).items()}
    articles = []
    for told, origin in exports:
        kind, sections = _kind(told), {**elsewhere, **_sections(told)}
        for number, one in enumerate(told[_LISTS[kind]], 1):
            articles.append((kind, one, replace(origin, where=f"{origin.where}, article {number}"), sections))
    roots = {(kind, str(one.get("id"))): str(one.get("associated_article_id") or "")
             for kind, one, _, _ in articles if isinstance(one, dict)}
    families: dict[tuple[str, str], list[_Text]] = {}
    for number, (kind, one, origin, sections) in enumerate(articles, 1):
        if not isinstance(one, dict):
            warnings.append(f"{origin.where}: is no article; it was left out")
            continue
        name = str(number if one.get("id") is None else one["id"])
        family = families.setdefault((kind, _root(kind, name, roots)), [])
        for text in _texts(kind, one, name, origin, sections):
            _join(family, text, warnings)
    # Zendesk tells the translations of several articles beside them, too.
    for told, _ in exports:
        for other in (told.get("translations") or ()) if _kind(told) == "zendesk" else ():
            if isinstance(other, dict) and (family := families.get(("zendesk", str(other.get("source_id"))), [])):
                language = _tag(str(other.get("locale") or ""))
                if language:
                    _join(family, _translation(family[0], other, language), warnings)
    for (kind, _), family in families.items():
        yield from _rows(kind, family, warnings)


def _sections(told: dict[str, Any]) -> dict[str, str]:
    """The names of an export's sections by their ids."""
    sections = told.get("sections") or ()
    return {str(one.get("id")): str(one.get("name") or "") for one in sections if isinstance(one, dict)}


def _join(family: list[_Text], text: _Text, warnings: list[str]) -> None:
    """Takes a text into its family, which has one of each language. Exports may tell the same one twice."""
    there = next((one for one in family if one.language == text.language), None)
    if there is None:
        family.append(text)
    elif (there.title, there.answer) != (text.title, text.answer):
        warnings.append(f"{text.origin.where}: {text.title[:60]!r} is a second text of its article in one language; it "
                        "was left out")


@dataclass(frozen=True)
class _Text:
    """An article in one language; `first` marks the language that it was written in, `closed` what not everybody may
    see, and `missed` says what of it is no Markdown."""

    name: str
    title: str
    answer: str
    category: str
    language: str
    published: bool
    first: bool
    closed: bool
    origin: Origin
    missed: str


def _texts(kind: str, one: dict[str, Any], name: str, origin: Origin, sections: dict[str, str]) -> Iterator[_Text]:
    """What one article of an export says, first in the language that it was written in."""
    if kind == "chatwoot":
        told = one.get("category")
        category: dict[str, Any] = told if isinstance(told, dict) else {"name": told if isinstance(told, str) else ""}
        place, language = str(category.get("name") or ""), str(one.get("locale") or category.get("locale") or "")
        answer, first = str(one.get("content") or "").strip(), not one.get("associated_article_id")
        missed = ""
    else:
        place, (answer, missed) = sections.get(str(one.get("section_id")), ""), _markdown(one, origin)
        language = str(one.get("locale") or one.get("default_locale") or "")
        first = _tag(str(one.get("source_locale") or language)) == _tag(language)
    own = _Text(name, _line(one.get("title")), answer, place, _tag(language), _is_published(kind, one), first,
                kind == "zendesk" and _is_closed(one), origin, missed)
    yield own
    if kind == "zendesk" and isinstance(one.get("translations"), list):
        others = [(str(other.get("locale") or ""), other) for other in one["translations"] if isinstance(other, dict)]
    elif kind == "intercom" and isinstance(one.get("translated_content"), dict):
        others = [(locale, other) for locale, other in one["translated_content"].items() if isinstance(other, dict)]
    else:
        others = []
    for locale, other in others:
        if locale:
            yield _translation(own, other, _tag(locale))


def _translation(own: _Text, other: dict[str, Any], language: str) -> _Text:
    answer, missed = _markdown(other, own.origin)
    return replace(own, title=_line(other.get("title")), answer=answer, missed=missed, language=language,
                   published=_is_published("", other), first=False)


def _markdown(one: dict[str, Any], origin: Origin) -> pages.Text:
    """The body of an article or translation. Raises BadEntry."""
    try:
        return pages.as_markdown(str(one.get("body") or ""))
    except RecursionError:
        raise BadEntry(
            f"{origin.where}: its tags are nested too deep to be read; mend it there, or leave it out") from None


def _rows(kind: str, family: list[_Text], warnings: list[str]) -> Iterator[Row]:
    original = ""
    # A family has one audience.
    closed = any(one.closed for one in family)
    for one in sorted(family, key=lambda one: not one.first):
        named = f"{one.origin.where}: {one.title[:60]!r}"
        if not one.published:
            warnings.append(f"{named} is not published there; it was left out")
        elif not one.title:
            warnings.append(f"{one.origin.where}: has no title; it was left out")
        elif not one.answer:
            warnings.append(f"{named} has no text; it was left out")
        elif original and not one.language:
            warnings.append(f"{named} is a translation of no language; it was left out")
        else:
            alone = not original or kind == "chatwoot"  # whose translations are articles with ids of their own
            name = f"{kind}-{one.name}" if alone else f"{kind}-{one.name}-{one.language}"
            told = {"id": name, "question": one.title, "answer": one.answer, "category": one.category[:80],
                    "language": one.language, "translation_of": original, "audience": AGENTS if closed else EVERYONE}
            if closed:
                warnings.append(f"{named} is not for everyone there; here only agents may see it")
            if one.missed:
                warnings.append(pages.left_out(named, one.missed))
            original = original or name
            yield told, one.origin


def _root(kind: str, name: str, roots: dict[tuple[str, str], str]) -> str:
    """The id of the article that this one translates, or its own."""
    for _ in range(3):  # a translation of a translation, at the most
        if not (root := roots.get((kind, name))) or (kind, root) not in roots:
            break
        name = root
    return name


def _is_published(kind: str, one: dict[str, Any]) -> bool:
    draft = one.get("draft") is True or one.get("state", "published") != "published"
    return not draft and not (kind == "chatwoot" and one.get("status", "published") not in ("published", 1))


def _is_closed(one: dict[str, Any]) -> bool:
    """Whether a Zendesk article is for a segment of users; the export does not say who these are."""
    return one.get("user_segment_id") is not None or bool(one.get("user_segment_ids"))


def _line(value: Any) -> str:
    return " ".join(str(value or "").split())


def _tag(locale: str) -> str:
    """``en_GB`` and ``en-gb`` as ``en-GB``."""
    first, *rest = locale.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
