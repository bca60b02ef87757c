"""What a notebook printed, made inert: pages carry texts of customers, and a text must stay a text.

HTML passes an allow-list of tags, attributes and CSS properties without any that loads or runs something.
Of ids only those of messages pass, so that links on the page can lead to them and nothing else is named.
Figures keep plotly's small markup except links. The pages' content security policy stands behind both.
"""

from __future__ import annotations

import json
import re
from functools import cache

import bleach  # type: ignore[import-untyped]  # ships no types
import mistune
from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]  # ships no types

_TAGS = frozenset(
    """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp section small span strong
    sub summary sup table tbody td tfoot th thead time tr u ul var
    """.split()  # noqa: SIM905  # a list of this length would hide the words
)
_EVERYWHERE = frozenset({"class", "dir", "lang", "style", "title"})
_ATTRIBUTES = {
    "a": frozenset({"href"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
    "time": frozenset({"datetime"}),
}
_MESSAGE_ID = re.compile(r"message-[0-9]+")
# No property here takes a url(); none moves an element over the rest of the page.
_STYLES = frozenset(
    """
    align-items align-self background-color border border-bottom border-bottom-color border-collapse
    border-color border-left border-left-color border-radius border-right border-right-color border-top
    border-top-color color column-gap display flex flex-direction flex-grow flex-wrap font-family
    font-size font-style font-variant-numeric font-weight gap grid-template-columns height
    justify-content letter-spacing line-height margin margin-bottom margin-left margin-right margin-top
    max-width min-width opacity overflow overflow-wrap padding padding-bottom padding-left padding-right
    padding-top row-gap text-align text-decoration vertical-align white-space width word-break
    """.split()  # noqa: SIM905  # a list of this length would hide the words
)
_SILENT = re.compile(r"<(script|style|template|noscript|title)\b.*?(</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"<(?=\s*/?\s*a\b)", re.IGNORECASE)


def clean_html(html: str) -> str:
    """The HTML with what is on the allow-list; of other tags, only the text between them."""
    # The content of these is never meant to be read; without this, it would be shown as text.
    return str(_cleaner().clean(_SILENT.sub("", html)))


def markdown_to_html(text: str) -> str:
    """Markdown with tables as clean HTML."""
    return clean_html(str(_markdown()(text)))


def figure_to_json(figure: dict[str, object]) -> str:
    """A plotly figure as JSON that may stand inside a ``script`` element; texts in it hold no links."""
    kept = {name: figure[name] for name in ("data", "layout", "frames") if name in figure}
    text = json.dumps(_without_links(kept), ensure_ascii=False, allow_nan=False)
    # Inside a script element, only `<` could end it or open a comment.
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _without_links(value: object) -> object:
    if isinstance(value, str):
        return _LINK.sub("&lt;", value)
    if isinstance(value, list):
        return [_without_links(item) for item in value]
    if isinstance(value, dict):
        return {_LINK.sub("&lt;", str(key)): _without_links(item) for key, item in value.items()}
    return value


def _is_allowed(tag: str, attribute: str, value: str) -> bool:
    if attribute == "id":
        return _MESSAGE_ID.fullmatch(value) is not None
    return attribute in _EVERYWHERE or attribute in _ATTRIBUTES.get(tag, ())


@cache
def _cleaner() -> bleach.Cleaner:
    return bleach.Cleaner(
        tags=_TAGS,
        attributes=_is_allowed,
        protocols=frozenset({"http", "https", "mailto"}),
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
        strip=True,
    )


@cache
def _markdown() -> mistune.Markdown:
    # HTML in Markdown is kept here and cleaned with the rest.
    return mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "footnotes"])
