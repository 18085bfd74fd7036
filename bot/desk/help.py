"""The public help centre: what is published for everyone, as plain pages that need no script."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from html import escape
from urllib.parse import quote, unquote

from sanic import Blueprint, Request
from sanic.exceptions import NotFound
from sanic.response import HTTPResponse

from bot.desk.services import of
from bot.desk.shelf import Shelf
from kb_index.entry import Entry
from kb_index.markdown import render
from kb_index.passages import plain
from kb_index.topics import title

#: Entries on one page; a category with more has a search.
_MOST = 200
_HEADERS = {"Cache-Control": "public, max-age=60"}


async def _shelf(request: Request) -> Shelf:
    shelf: Shelf = await asyncio.to_thread(of(request).shelf.refresh)
    return shelf


async def index(request: Request) -> HTTPResponse:
    shelf = await _shelf(request)
    shop = of(request).texts.config()["shop"]
    search, category = request.args.get("search", "").strip()[:200], request.args.get("category")
    if search:
        found = await asyncio.to_thread(of(request).library.page, search, {}, "updated", _MOST)
        shown = [shelf.entries[row["id"]] for row in found["entries"] if row["id"] in shelf.entries]
        head = f"<h1>{len(shown)} {'answer' if len(shown) == 1 else 'answers'} to “{escape(search)}”</h1>"
        return _page(shop, f"Search: {search}", head + (_list(shown) if shown else _NOTHING), search)
    if category is not None:
        shown = shelf.categories.get(category, [])[:_MOST]
        if not shown:
            raise NotFound("no such category")
        return _page(shop, title(category), f"<h1>{escape(title(category))}</h1>{_list(shown)}", facts=_facts(shown))
    cards = "".join(_card(name, entries) for name, entries in sorted(shelf.categories.items()))
    return _page(shop, "Help", f'<h1>How can we help?</h1><div class="cards">{cards}</div>')


async def show(request: Request, entry: str) -> HTTPResponse:
    shelf = await _shelf(request)
    found = shelf.entries.get(unquote(entry, errors="replace"))
    if found is None:
        raise NotFound("no such entry")
    related = [shelf.entries[name] for name in found.related if name in shelf.entries]
    more = f"<h2>Related</h2>{_list(related)}" if related else ""
    place = f'<p class="place"><a href="/help">Help</a> › <a href="/help?category={quote(found.category)}">' \
            f"{escape(title(found.category))}</a></p>"
    body = f'{place}<article><h1>{escape(found.question)}</h1>{render(found.answer)}</article>{more}'
    return _page(of(request).texts.config()["shop"], found.question, body, facts=_facts([found]),
                 summary=plain(found.answer)[:160])


async def sitemap(request: Request) -> HTTPResponse:
    shelf = await _shelf(request)
    site = f"{request.scheme}://{request.host}"
    pages = [f"{site}/help", *(f"{site}/help/{quote(name, safe='')}" for name in list(shelf.entries)[:49_999])]
    body = "".join(f"<url><loc>{escape(page)}</loc></url>\n" for page in pages)
    xml = ('<?xml version="1.0" encoding="UTF-8"?>\n'
           f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{body}</urlset>\n')
    return HTTPResponse(xml, 200, _HEADERS, content_type="application/xml")


def _card(category: str, entries: Sequence[Entry]) -> str:
    link = f"/help?category={quote(category)}"
    more = f'<p class="more"><a href="{link}">All {len(entries)}</a></p>' if len(entries) > 5 else ""
    return f'<section><h2><a href="{link}">{escape(title(category))}</a></h2>{_list(entries[:5])}{more}</section>'


def _list(entries: Sequence[Entry]) -> str:
    links = (f'<a href="/help/{quote(entry.id, safe="")}">{escape(entry.question)}</a>' for entry in entries)
    return f"<ul>{''.join(f'<li>{link}</li>' for link in links)}</ul>"


def _facts(entries: Sequence[Entry]) -> str:
    """schema.org/FAQPage, as search engines read it."""
    told = {"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": [
        {"@type": "Question", "name": entry.question,
         "acceptedAnswer": {"@type": "Answer", "text": render(entry.answer)}} for entry in entries]}
    # Inside a script element only these letters could end it.
    return json.dumps(told, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _page(shop: str, title: str, body: str, search: str = "", facts: str = "", summary: str = "") -> HTTPResponse:
    data = f'<script type="application/ld+json">{facts}</script>' if facts else ""
    about = f'<meta name="description" content="{escape(summary)}">' if summary else ""
    robots = '<meta name="robots" content="noindex">' if search else ""
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} · {escape(shop)}</title>{about}{robots}
<link rel="stylesheet" href="/help/static/help.css">
{data}
<script type="module" async src="/widget/loader.js"></script>
</head>
<body>
<a class="skip" href="#main">To the content</a>
<header><a class="home" href="/help">{escape(shop)} help</a>
<form role="search" action="/help"><label for="search">Search the answers</label>
<input id="search" name="search" type="search" value="{escape(search)}" placeholder="Search" maxlength="200">
<button>Search</button></form></header>
<main id="main">{body}</main>
</body>
</html>
"""
    return HTTPResponse(html, 200, _HEADERS, content_type="text/html; charset=utf-8")


_NOTHING = "<p>We found nothing for that. Try other words, or ask us in the chat in the corner.</p>"

blueprint = Blueprint("help", url_prefix="/help")
for _handler, _uri in ((index, "/"), (sitemap, "/sitemap.xml"), (show, "/<entry:str>")):
    blueprint.add_route(_handler, _uri, methods=["GET", "HEAD"])
