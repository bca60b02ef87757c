"""What a plotly figure holds, read without a browser: its numbers, and its colours on a dark page."""

from __future__ import annotations

import base64
import colorsys
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

_HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
_NAMED = {"white": "#ffffff", "black": "#000000"}
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*([\d.]+)\s*)?\)")
_COLOUR = re.compile(rf"{_HEX.pattern}|\b(?:white|black)\b(?!-)|rgba?\([\d\s.,]{{5,40}}\)")
# Above this difference of its channels a colour means something by itself and keeps its hue.
_PLAIN_CHROMA = 0.22
# A dark page is not black: white becomes its card, ink its text.
_DARKEST, _LIGHTEST = 0.115, 0.93
_READABLE_LIGHTNESS = 0.6
_DEEP = 0.13


def plain_values(values: object) -> list[Any]:
    """The numbers or texts of a trace, also where plotly packed them as bytes; empty for none."""
    if isinstance(values, Mapping) and "bdata" in values:
        kind = np.dtype(str(values["dtype"]))
        array = np.frombuffer(base64.b64decode(str(values["bdata"])), dtype=kind)
        shape = str(values.get("shape") or "")
        found = array.reshape([int(size) for size in shape.split(",")]) if shape else array
        return [_plain(value) for value in found.tolist()]
    if isinstance(values, list | tuple):
        return list(values)
    return []


def _plain(value: object) -> object:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def dark_colour(colour: str) -> str:
    """What stands for a colour of a light page on a dark one: ink and paper change places, hues stay.

    Args:
        colour: ``#rgb``, ``#rrggbb``, ``white``, ``black``, or ``rgb()`` and ``rgba()`` of whole numbers.
    """
    red, green, blue = _channels(colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if max(red, green, blue) - min(red, green, blue) <= _PLAIN_CHROMA:
        lightness = _DARKEST + (1 - lightness) * (_LIGHTEST - _DARKEST)
        saturation = min(saturation, 0.25)
    else:
        lightness = max(lightness, _READABLE_LIGHTNESS)
    turned = colorsys.hls_to_rgb(hue, lightness, saturation)
    whole = [round(255 * channel) for channel in turned]
    see_through = _RGB.fullmatch(colour)
    if see_through and see_through[4]:
        return f"rgba({', '.join(map(str, whole))}, {see_through[4]})"
    return "#" + "".join(f"{channel:02x}" for channel in whole)


def dark_colours(text: str) -> dict[str, str]:
    """What every plain colour in a text becomes on a dark page; the marks of data keep theirs.

    Args:
        text: A figure as JSON.
    """
    found = sorted({match[0] for match in _COLOUR.finditer(text) if _is_known(match[0])})
    return {colour: dark_colour(colour) for colour in found if _is_lost(colour)}


def for_dark(colour: str) -> str:
    """The colour of a mark, with its own for a dark page if it were lost there."""
    return f"light-dark({colour}, {dark_colour(colour)})" if _is_lost(colour) else colour


def for_both(style: str) -> str:
    """The text of a style attribute with each colour once for a light page and once for a dark one."""
    return _COLOUR.sub(
        lambda found: f"light-dark({found[0]}, {dark_colour(found[0])})" if _is_known(found[0]) else found[0],
        style,
    )


def _is_known(colour: str) -> bool:
    return not colour.startswith("rgb") or _RGB.fullmatch(colour) is not None


def _is_plain(colour: str) -> bool:
    channels = _channels(colour)
    return max(channels) - min(channels) <= _PLAIN_CHROMA


def _is_lost(colour: str) -> bool:
    return _is_plain(colour) or _is_deep(colour)


def _is_deep(colour: str) -> bool:
    """Whether a dark page would swallow it, by its relative luminance (WCAG 2.2)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < _DEEP


def _channels(colour: str) -> tuple[float, float, float]:
    if found := _RGB.fullmatch(colour):
        red, green, blue = (min(255, int(found[at])) / 255 for at in (1, 2, 3))
        return red, green, blue
    digits = _NAMED.get(colour, colour).removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue
