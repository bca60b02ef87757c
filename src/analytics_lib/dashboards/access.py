"""Who may read the pages: anybody on this machine, elsewhere who has the token or comes through the proxy."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from analytics_lib.errors import RequestError

if TYPE_CHECKING:
    from tornado.httputil import HTTPServerRequest

TOKEN_VARIABLE = "ANALYTICS_PAGES_TOKEN"  # noqa: S105  # the name of a variable, not a token
COOKIE = "pages"
_LOOPBACK_NAMES = frozenset({"localhost"})
_SHORTEST_TOKEN = 16
# Browsers drop them wherever they stand.
_UNSEEN = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class Access:
    """How a reader is let in.

    Attributes:
        token: What a reader must show; empty = anybody on this machine may read.
        user_header: The header by which a proxy names a reader it has let in; empty = there is no proxy.
        loopback_only: Whether readers can only come from this machine, and must name it so.
    """

    token: str
    user_header: str
    loopback_only: bool

    @property
    def cookie_secret(self) -> bytes:
        """Signs cookies; the same for the same token, so that readers stay known when the server restarts."""
        known = self.token or secrets.token_hex(32)
        return hashlib.sha256(b"cookie of the pages " + known.encode()).digest()


def choose_access(ip: str, *, token: str = "", user_header: str = "") -> Access:
    """How readers are let in at an address to listen on: by a token, made up unless given, beyond loopback.

    Args:
        ip: The address to listen on.
        token: Asked for everywhere, if given; at least 16 characters.
        user_header: Instead of a token: only what comes through a proxy that sets this header is let in.

    Raises:
        RequestError: If the token is too short to keep anybody out.
    """
    if token and len(token) < _SHORTEST_TOKEN:
        raise RequestError(f"The token has {len(token)} characters; give at least {_SHORTEST_TOKEN}.")
    loopback = is_loopback(ip)
    if not (loopback or token or user_header):
        token = secrets.token_urlsafe(24)
    return Access(token, user_header, loopback)


def is_loopback(name: str) -> bool:
    """Whether a host name or address means this machine alone."""
    if name in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def names_this_machine(request: HTTPServerRequest) -> bool:
    """Whether the request names this machine: a page of elsewhere can make a browser ask us as well."""
    return is_loopback(request.host_name)


def fits(given: str, token: str) -> bool:
    """Whether it is the token, told in the same time however much of it is right."""
    return hmac.compare_digest(given.encode(), token.encode())


def shown_token(request: HTTPServerRequest) -> str:
    """The token that a program sends in ``Authorization: Bearer``; empty without one."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() in ("bearer", "token") else ""


def own_address(wanted: str) -> str:
    """The path and query of an address, on this server: a link must not lead through us to somewhere else."""
    try:
        parts = urlsplit(_UNSEEN.sub("", wanted))
    except ValueError:
        return "/"
    # Browsers read a backslash as a slash, and two of them begin another server's name.
    path = "/" + parts.path.lstrip("/\\")
    return path + (f"?{parts.query}" if parts.query else "")
