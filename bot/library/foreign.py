"""Exports of other help centres, by their published formats.

- Zendesk Guide, Help Center API ``/api/v2/help_center/articles``: ``{"articles": [{"id", "title", "body" (HTML),
  "section_id", "locale", "draft"}], "sections"?: [{"id", "name"}]}``
- Intercom, ``GET /articles``: ``{"type": "list", "data": [{"type": "article", "id", "title", "body" (HTML), "state":
  "published"|"draft", "default_locale", "parent_id"}]}``
- Chatwoot, ``/api/v1/accounts/ID/portals/SLUG/articles``: ``{"payload": [{"id", "title", "content" (Markdown),
  "status": "published"|"draft"|"archived", "category": {"name", "locale"}}], "meta"}``
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.library.pages import as_markdown

Row = tuple[dict[str, Any], str]


def read(text: str, path: Path) -> dict[str, Any] | None:
    """The export, or None where the file is none: then it is a plain list of entries, or broken."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) and _kind(told) else None


def _kind(told: dict[str, Any]) -> str:
    if isinstance(told.get("articles"), list):
        return "zendesk"
    if told.get("type") == "list" and isinstance(told.get("data"), list):
        return "intercom"
    return "chatwoot" if isinstance(told.get("payload"), list) else ""


def rows(told: dict[str, Any], path: Path, warnings: list[str]) -> Iterator[Row]:
    """The published articles of an export. Drafts are left out, with a word."""
    kind = _kind(told)
    listed = told[{"zendesk": "articles", "intercom": "data", "chatwoot": "payload"}[kind]]
    sections = {
        str(one.get("id")): str(one.get("name") or "") for one in told.get("sections") or () if isinstance(one, dict)
    }
    for number, one in enumerate(listed, 1):
        where = f"{path}, article {number}"
        if not isinstance(one, dict):
            warnings.append(f"{where}: is no article; it was left out")
            continue
        title = " ".join(str(one.get("title") or "").split())
        draft = (
            one.get("draft") is True
            or one.get("state", "published") != "published"
            or (kind == "chatwoot" and one.get("status", "published") not in ("published", 1))
        )
        if draft:
            warnings.append(f"{where}: {title[:60]!r} is not published there; it was left out")
            continue
        if kind == "chatwoot":
            answer = str(one.get("content") or "").strip()
            category: dict[str, Any] = one.get("category") or {}
            place, language = str(category.get("name") or ""), str(category.get("locale") or "")
        else:
            answer = as_markdown(str(one.get("body") or ""))
            place = sections.get(str(one.get("section_id")), "")
            language = str(one.get("locale") or one.get("default_locale") or "")
        if not answer:
            warnings.append(f"{where}: {title[:60]!r} has no text; it was left out")
            continue
        yield (
            {
                "id": f"{kind}-{one.get('id', number)}",
                "question": title,
                "answer": answer,
                "category": place[:80],
                "language": _tag(language),
            },
            where,
        )


def _tag(locale: str) -> str:
    """``en_GB`` and ``en-gb`` as ``en-GB``."""
    first, *rest = locale.replace("_", "-").split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
