"""The gallery: every page with its title, for whom it is, how fresh, and a small picture of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analytics_lib.dashboards.template import fill
from analytics_lib.runs.labels import LANGUAGES

Entry = Mapping[str, Any]


def gallery(entries: Sequence[Entry], *, language: str) -> str:
    """The gallery as a whole page.

    Args:
        entries: As ``pages.json`` holds them, in the order to show; the pictures in them are markup made
            by ``thumbnails``.
        language: es or en; a page that is not published in it is shown in another language, and says so.
    """
    cards = [_card(entry, language) for entry in entries]
    return fill("gallery.html.j2", language, cards=cards, languages=LANGUAGES)


def _card(entry: Entry, language: str) -> dict[str, Any]:
    published = entry["languages"]
    spoken = language if language in published else next(iter(published), None)
    facts = published[spoken]["facts"] if spoken else {}
    query = f"?language={spoken}" if spoken and spoken != entry["default_language"] else ""
    return {
        "name": entry["name"],
        "title": entry["title"][language],
        "audience": entry["audience"][language],
        "href": f"/{'pages' if spoken else 'live'}/{entry['name']}{query}",
        "live": f"/live/{entry['name']}",
        "data_until": facts.get("data_until"),
        "run_at": facts.get("run_at"),
        "thumbnail": published[spoken]["thumbnail"] if spoken else "",
        "published": spoken is not None,
        "spoken": spoken if spoken != language else None,
        "refresh_seconds": entry["refresh_seconds"],
    }
