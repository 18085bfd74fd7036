"""The public help centre: what is published for everyone, as plain pages that need no script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from html import escape
from itertools import islice
from urllib.parse import quote, unquote, urlencode

from sanic import Blueprint, Request
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse

from bot.desk import body
from bot.desk.services import of, origin
from bot.desk.shelf import Shelf
from bot.desk.tongues import direction, own_name
from kb_index.entry import Entry
from kb_index.markdown import render
from kb_index.passages import plain
from kb_index.topics import title

#: Entries on one page.
_MOST = 200
#: Of these on the first page.
_FIRST = 5
#: Addresses in one sitemap, of 50,000 that may be.
_MAPPED = 10_000
_HEADERS = {"Cache-Control": "public, max-age=60"}


async def _shelf(request: Request) -> Shelf:
    return await of(request).shelf.get()


def _language(request: Request, shelf: Shelf) -> str:
    """The language that the reader chose, where there is something in it."""
    wanted = request.args.get("lang", "")
    return wanted if wanted in shelf.languages else ""


def _category(request: Request) -> str | None:
    """The category that is to be shown; the empty one is that of entries without any."""
    told: str | None = request.get_args(keep_blank_values=True).get("category")
    return told


async def index(request: Request) -> HTTPResponse:
    shelf = await _shelf(request)
    shop = of(request).texts.config()["shop"]
    search, category = request.args.get("search", "").strip()[:200], _category(request)
    language, page = _language(request, shelf), max(1, body.number(request.args.get("page")))
    switch = _switch(
        [(one, _index_link(one, search, category, page), one == language) for one in ["", *shelf.languages]]
    ) if shelf.languages else ""
    if search:
        found = await asyncio.to_thread(_found, shelf, search, language)
        shown, many = found[:_MOST], len(found) > _MOST
        count = f"More than {_MOST} answers" if many else f"{len(shown)} {'answer' if len(shown) == 1 else 'answers'}"
        head = f"<h1>{count} to “{escape(search)}”</h1>{_MANY if many else ''}"
        return _page(shop, f"Search: {search}", switch + head + (_list(shown) if shown else _NOTHING), search,
                     chosen=language)
    if category is not None:
        every = shelf.categories.get(category, [])
        shown = [shelf.in_language(one, language) for one in every[(page - 1) * _MOST : page * _MOST]]
        if not shown:
            return _gone(request, shop, language)
        turn = _turn(page, -(-len(every) // _MOST), lambda other: _index_link(language, "", category, other))
        return _page(shop, title(category), f"{switch}<h1>{escape(title(category))}</h1>{_list(shown)}{turn}",
                     chosen=language)
    cards = "".join(
        _card(name, [shelf.in_language(one, language) for one in entries[:_FIRST]], len(entries), language)
        for name, entries in sorted(shelf.categories.items())
    )
    return _page(shop, "Help", f'{switch}<h1>How can we help?</h1><div class="cards">{cards}</div>', chosen=language)


def _found(shelf: Shelf, search: str, language: str) -> list[Entry]:
    """What a search finds, the nearest first: all that is shown, and one more where there is more. A family is one
    answer, whichever of it has the words."""
    told: dict[str, Entry] = {}
    for hit in shelf.find(search):
        one = shelf.in_language(hit, language or hit.language)
        told.setdefault(one.id, one)
        if len(told) > _MOST:
            break
    return list(told.values())


async def show(request: Request, entry: str) -> HTTPResponse:
    shelf = await _shelf(request)
    found = shelf.entries.get(unquote(entry, errors="replace"))
    if found is None:
        return _gone(request, of(request).texts.config()["shop"])
    language = found.language if found.translation_of else ""
    related = [shelf.in_language(shelf.entries[name], language) for name in found.related if name in shelf.entries]
    family = shelf.family(found)
    switch = _switch([(one.language, f"/help/{quote(one.id, safe='')}", one is found) for one in family]) \
        if len(family) > 1 else ""
    words = _lang("en") if found.language and found.language != "en" else ""
    more = f"<h2{words}>Related</h2>{_list(related)}" if related else ""
    place = f'<p class="place"{words}><a href="{escape(_index_link(language))}">Help</a> › ' \
            f'<a href="{escape(_index_link(language, "", found.category))}">{escape(title(found.category))}</a></p>'
    answer = await asyncio.to_thread(render, found.answer)
    text = f"<h1>{escape(found.question)}</h1>{answer}"
    main = f"{switch}{place}<article{_lang(found.language)}>{text}</article>{more}"
    return _page(of(request).texts.config()["shop"], found.question, main, facts=_facts(found, answer),
                 summary=plain(found.answer)[:160], language=found.language, chosen=language,
                 links=_alternates(family, origin(request)) if len(family) > 1 else "")


async def elsewhere(request: Request, path: str) -> HTTPResponse:
    """Addresses below the help centre's that are none of it."""
    return _gone(request, of(request).texts.config()["shop"])


def _gone(request: Request, shop: str, language: str = "") -> HTTPResponse:
    """What people get where there is no such page, perhaps by an old link. Raises NotFound for programs."""
    if "text/html" not in request.headers.get("accept", ""):
        raise NotFound("no such page")
    answer = _page(shop, "Page not found", _GONE, chosen=language)
    answer.status = 404
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Vary"] = "Accept"
    return answer


async def sitemap(request: Request) -> HTTPResponse:
    """All pages, or where they are too many for one sitemap, the sitemaps with a part of them each."""
    shelf, part = await _shelf(request), body.number(request.args.get("part"))
    site, parts = origin(request), -(-len(shelf.entries) // _MAPPED)
    if parts > 1 and not part:
        told = "".join(f"<sitemap><loc>{escape(site)}/help/sitemap.xml?part={number}</loc></sitemap>\n"
                       for number in range(1, parts + 1))
        return _xml(f"<sitemapindex{_SITEMAPS}>\n{told}</sitemapindex>\n")
    if part > max(parts, 1):
        raise NotFound("no such sitemap")
    return _xml(await asyncio.to_thread(_urls, shelf, site, part))


def _urls(shelf: Shelf, site: str, part: int) -> str:
    first = max(part - 1, 0) * _MAPPED
    urls = f"<url><loc>{escape(site)}/help</loc></url>\n" if not first else ""
    for entry in islice(shelf.entries.values(), first, first + _MAPPED):
        family = shelf.family(entry)
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{escape(tag)}" href="{escape(link)}"/>'
            for tag, link in _links(family, site)
        ) if len(family) > 1 else ""
        urls += f"<url><loc>{escape(_address(entry, site))}</loc>{others}</url>\n"
    return f'<urlset{_SITEMAPS} xmlns:xhtml="http://www.w3.org/1999/xhtml">\n{urls}</urlset>\n'


def _xml(text: str) -> HTTPResponse:
    xml = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
    return HTTPResponse(xml, 200, _HEADERS, content_type="application/xml")


def _address(entry: Entry, site: str = "") -> str:
    return f"{site}/help/{quote(entry.id, safe='')}"


def _links(family: Sequence[Entry], site: str) -> list[tuple[str, str]]:
    """What each of a family is an alternative for: its language, and the original for all others."""
    told = [(one.language, _address(one, site)) for one in family if one.language]
    return [*told, ("x-default", _address(family[0], site))]


def _alternates(family: Sequence[Entry], site: str) -> str:
    return "".join(f'<link rel="alternate" hreflang="{escape(tag)}" href="{escape(link)}">'
                   for tag, link in _links(family, site))


def _index_link(language: str = "", search: str = "", category: str | None = None, page: int = 1) -> str:
    told = (("search", search or None), ("category", category), ("lang", language or None),
            ("page", page if page > 1 else None))
    asked = {name: value for name, value in told if value is not None}
    return f"/help?{urlencode(asked)}" if asked else "/help"


def _turn(page: int, pages: int, link: Callable[[int], str]) -> str:
    """Links to the pages before and after; nothing where there is one page."""
    if pages < 2:
        return ""
    before = f'<a rel="prev" href="{escape(link(page - 1))}">Previous page</a>' if page > 1 else ""
    after = f'<a rel="next" href="{escape(link(page + 1))}">Next page</a>' if page < pages else ""
    return f'<nav class="turn" aria-label="Pages">{before} <span>Page {page} of {pages}</span> {after}</nav>'


def _switch(choices: Sequence[tuple[str, str, bool]]) -> str:
    """Links to the same in other languages: triples of language (empty: the original's), address, and whether that is
    where one is. Each says its language in that language."""
    links = []
    for language, link, here in choices:
        tag = f'{_lang(language)} hreflang="{escape(language)}"' if language else ""
        current = ' aria-current="true"' if here else ""
        links.append(f'<li><a href="{escape(link)}"{tag}{current}>{escape(own_name(language) or "Original")}</a></li>')
    return f'<nav class="languages" aria-label="Languages"><ul>{"".join(links)}</ul></nav>'


def _lang(language: str) -> str:
    """The attributes that say in which language an element is, where it is not the shop's own, and which way that is
    written."""
    return (f' lang="{escape(language)}"' if language else "") + f' dir="{direction(language)}"'


def _card(category: str, first: Sequence[Entry], count: int, language: str = "") -> str:
    link = escape(_index_link(language, "", category))
    more = f'<p class="more"><a href="{link}">All {count}</a></p>' if count > len(first) else ""
    return f'<section><h2><a href="{link}">{escape(title(category))}</a></h2>{_list(first)}{more}</section>'


def _list(entries: Sequence[Entry]) -> str:
    links = (f'<a href="{_address(entry)}"{_lang(entry.language)}>{escape(entry.question)}</a>' for entry in entries)
    return f"<ul>{''.join(f'<li>{link}</li>' for link in links)}</ul>"


def _facts(entry: Entry, answer: str) -> str:
    """schema.org/FAQPage, as search engines read it: they want each question once, so only the entry's own page has it.
    `answer` is its HTML."""
    told = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [
        {"@type": "Question", "name": entry.question, "acceptedAnswer": {"@type": "Answer", "text": answer}}]}
    # Inside a script element only these letters could end it.
    return json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _page(
    shop: str, title: str, main: str, search: str = "", facts: str = "", summary: str = "", language: str = "",
    chosen: str = "", links: str = "",
) -> HTTPResponse:
    """A page whose main text is in `language` (empty: the shop's own). `chosen` is the language that the reader goes on
    in, `links` are elements for the head."""
    keep = f'<input type="hidden" name="lang" value="{escape(chosen)}">' if chosen else ""
    data = f'<script type="application/ld+json">{facts}</script>' if facts else ""
    about = f'<meta name="description" content="{escape(summary)}">' if summary else ""
    robots = '<meta name="robots" content="noindex">' if search else ""
    # The words around the text are English whatever its language is.
    own = _lang("en") if language and language != "en" else ""
    html = f"""<!doctype html>
<html lang="{escape(language or "en")}" dir="{direction(language or "en")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · {escape(shop)}</title>{about}{robots}{links}
<link rel="icon" href="/console/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/help/static/help.css">
{data}
<script type="module" async src="/widget/loader.js"></script>
</head>
<body>
<a class="skip" href="#main"{own}>To the content</a>
<header{own}><a class="home" href="{escape(_index_link(chosen))}">{escape(shop)} help</a>
<form role="search" action="/help"><label for="search">Search the answers</label>
<input id="search" name="search" type="search" value="{escape(search)}" placeholder="Search" maxlength="200"
dir="auto">{keep}
<button>Search</button></form></header>
<main id="main">{main}</main>
</body>
</html>
"""
    return HTTPResponse(html, 200, _HEADERS, content_type="text/html; charset=utf-8")


_SITEMAPS = ' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
_MANY = "<p>These are the nearest. One more word will narrow them down.</p>"
_NOTHING = "<p>We found nothing for that. Try other words, or ask us in the chat in the corner.</p>"

#: The search stands in the head of every page.
_GONE = """<h1>We cannot find this page</h1>
<p>It may have moved, or what it said no longer holds. Search for it above, or look through
<a href="/help">all topics</a>.</p>
<p>Or simply ask us: <a href="/help" data-frontdesk-open>open the chat</a>.</p>"""

blueprint = Blueprint("help", url_prefix="/help")
for _handler, _uri in ((index, "/"), (sitemap, "/sitemap.xml"), (show, "/<entry:str>"),
                       (elsewhere, "/<path:path>")):
    blueprint.add_route(_handler, _uri, methods=["GET", "HEAD"])
