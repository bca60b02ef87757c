"""What a Bird message says: its kind, its text, its media and the button that was clicked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analytics_lib.sources.bird_envelope import MESSAGE_MARKS
from analytics_lib.sources.record import (
    BadRecordError,
    first_scalar,
    first_value,
    first_word,
    impersonal,
    mapping,
    value_at,
    without_nulls,
)

_CLICK_TYPES = ("postback", "button")
_MEDIA_LISTS = ("images", "files", "videos", "audios", "attachments", "media")
_BODY_TYPES = (
    *("text", "image", "file", "location", "html", "list", "carousel", "product", "products", "interactive"),
    *("audio", "video", "sticker", "contacts", "reaction", "order", "postback", "button"),
)
_TEXTS = ("{type}.text", "{type}.text.text", "{type}.caption", "{type}.title", "{type}.body", "{type}.html")


@dataclass(frozen=True)
class Content:
    """What was said.

    Attributes:
        kind: ``template``, ``button``, or the type of Bird's body (text, image, file, …).
        text: As it stands in the payload: unmasked, and unchecked where it is no text.
        postback: The payload of the button that was clicked, if one was.
        extra: Media types and sizes, the template, the titles of offered buttons, whether the text is cut.
    """

    kind: str
    text: object
    postback: str | None
    extra: dict[str, object]


def content_of(body: Mapping[str, object], *, incoming: bool) -> Content:
    """The content of a message.

    Raises:
        BadRecordError: ``MISSING_FIELD`` if the message has none of body, content, template, text, preview.
    """
    # A message that was deleted may arrive empty; any other without content would wipe what it said.
    if not body.keys() & MESSAGE_MARKS and first_word(body, "status") != "deleted":
        raise BadRecordError(
            "MISSING_FIELD",
            f"none of {', '.join(sorted(MESSAGE_MARKS))}; found {', '.join(sorted(body))}",
            "kind",
        )
    said = first_value(body, "body", "content", "text")
    section_name = _type_of(body, said)
    section = value_at(said, section_name) if isinstance(said, Mapping) else said
    click = _click(said, section, section_name) if incoming else {}
    text = _text(body, said, section_name)
    preview = first_value(body, "preview.text", "preview") if text is None else None
    title = first_scalar(click, "text", "title")
    return Content(
        kind=_kind(body, section_name, clicked=incoming and bool(click or _is_click(body, section_name))),
        text=next((given for given in (text, title, preview) if given is not None), None),
        postback=_payload(click),
        extra=without_nulls(
            {
                "media": _media(said, section, section_name),
                "template": _template(body, said),
                "buttons": None if incoming else _offered(said, section),
                "postback": _payload(click),
                "text_cut": True if preview is not None and title is None else None,
            }
        ),
    )


def _type_of(body: Mapping[str, object], said: object) -> str:
    if isinstance(said, Mapping):
        present = next((name for name in _BODY_TYPES if name in said), None)
        return first_word(said, "type") or first_word(body, "type") or present or "unknown"
    if said is not None:
        return "text"
    kind = first_word(body, "type") or ""
    return kind if kind and "." not in kind else ("text" if first_value(body, "preview") else "unknown")


def _kind(body: Mapping[str, object], section_name: str, *, clicked: bool) -> str:
    if mapping(body.get("template")) or section_name in ("template", "hsm"):
        return "template"
    return "button" if clicked else section_name


def _is_click(body: Mapping[str, object], section_name: str) -> bool:
    return first_word(body, "replyTo.type") == "click" or section_name in _CLICK_TYPES


def _text(body: Mapping[str, object], said: object, section_name: str) -> object:
    if not isinstance(said, Mapping):
        found = said
    else:
        paths = [path.format(type=section_name) for path in _TEXTS]
        found = first_scalar(said, section_name, *paths, "text", "text.text", "caption")
    return found if found is not None else first_scalar(body, "template.text", "template.renderedText")


def _actions(said: object, section: object) -> list[Mapping[str, object]]:
    listed = first_value(section, "actions", "buttons") or first_value(said, "actions", "buttons")
    return [mapping(action) for action in listed] if isinstance(listed, list) else []


def _click(said: object, section: object, section_name: str) -> Mapping[str, object]:
    if section_name in _CLICK_TYPES:
        return mapping(section)
    for action in _actions(said, section):
        if "postback" in action or first_word(action, "type") == "postback":
            return mapping(action.get("postback")) or action
    return mapping(value_at(said, "postback"))


def _payload(click: Mapping[str, object]) -> str | None:
    payload = first_scalar(click, "payload", "id")
    # What the shop put behind a button is a key of its own; anything that looks personal is not.
    return str(payload) if payload is not None and impersonal(payload) is not None else None


def _offered(said: object, section: object) -> list[object]:
    paths = ("postback.text", "reply.text", "title", "text")
    titles = (first_scalar(action, *paths) for action in _actions(said, section))
    return [title for title in titles if impersonal(title) is not None]


def _media(said: object, section: object, section_name: str) -> list[dict[str, object]]:
    lists = (first_value(section, *_MEDIA_LISTS), first_value(said, *_MEDIA_LISTS))
    listed = next((found for found in lists if isinstance(found, list)), [])
    single = mapping(section)
    items = listed or ([single] if single.keys() & {"mediaUrl", "url"} else [])
    return [_medium(mapping(item), section_name) for item in items]


def _medium(item: Mapping[str, object], section_name: str) -> dict[str, object]:
    """Type and size only: links expire or need the access key, and a file's name may be a person's."""
    return without_nulls(
        {
            "kind": section_name,
            "media_type": first_scalar(item, "contentType", "mediaType", "mimeType", "mime_type"),
            "size": first_scalar(item, "size", "fileSize", "contentLength"),
        }
    )


def _template(body: Mapping[str, object], said: object) -> dict[str, object]:
    """Which template, without its variables: they hold names, addresses and order numbers."""
    template = mapping(body.get("template")) or mapping(first_value(said, "template", "hsm"))
    fields = ("projectId", "version", "locale", "templateName", "name", "language.code")
    return without_nulls({field.partition(".")[0]: first_scalar(template, field) for field in fields})
