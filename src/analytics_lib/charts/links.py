"""Sentences that lead to a message of the chat on the same page, and quote it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from analytics_lib.charts.texts import cut, for_page
from analytics_lib.charts.words import Language, absent, label, say

if TYPE_CHECKING:
    import pandas as pd

    from analytics_lib.charts.style import Record

_QUOTED = 90


def filled(key: str, language: Language, **pieces: str) -> str:
    """The catalogue's text for HTML; the pieces are HTML already.

    Raises:
        RequestError: If there is no such text, or no such language.
    """
    template = say(key, language, **{name: f"{{{name}}}" for name in pieces})
    return html.escape(template, quote=False).format(**pieces)


def anchor(position: int) -> str:
    """The attribute by which links find a message."""
    return f'id="message-{int(position)}"'


def to_message(position: int, language: Language) -> str:
    """A link to a message: ``mensaje 3``."""
    return f'<a href="#message-{int(position)}">{message_name(position, language)}</a>'


def message_name(position: int, language: Language) -> str:
    """What readers call a message: ``mensaje 3``."""
    return say("message.number", language, position=int(position))


def evidence(messages: pd.DataFrame, position: int | None, language: Language) -> str:
    """A link to the message and its first words, or nothing where the evidence is no message.

    Args:
        messages: ``position kind text``.
        position: Of the message; null where there is none.
        language: es or en.
    """
    if position is None or absent(position):
        return ""
    link = to_message(position, language)
    found = messages[messages["position"] == position]
    return link if found.empty else f"{link}: {_quoted(found.iloc[0].to_dict(), language)}"


def _quoted(message: Record, language: Language) -> str:
    if absent(message["text"]):
        return f"<em>[{for_page(label('kind', message['kind'], language))}]</em>"
    if not message["text"].strip():
        return f"<em>{html.escape(say('no_text', language))}</em>"
    return filled("quote", language, text=for_page(cut(message["text"].strip(), _QUOTED, language)))
