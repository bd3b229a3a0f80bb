"""Templates and files of the pages. Whatever a template prints is escaped, and rid of what can't be seen; nothing in a
page runs or comes from elsewhere but these files.
"""

import hashlib
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tekton_integrations.details import path
from tekton_integrations.record import rfc3339
from tekton_integrations.text import duration, log_line

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_FILE = re.compile(r"[a-z]{1,20}\.(?:css|js|svg)")
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def rendered(template: str, /, **values: Any) -> Markup:
    """HTML. Raises jinja2.UndefinedError for a value that a template needs and was not given."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704  (autoescape is on)


def answer(html: str, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    made = web.Response(text=html, content_type="text/html", status=status, headers={**(headers or {}), **HEADERS})
    made.enable_compression()  # if the browser takes it
    return made


def static(name: str) -> str:
    """The URL of a file of ours, which changes when the file does."""
    return f"/static/{_digest(name)}/{name}"


async def serve_static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if not _FILE.fullmatch(name) or not (files(__package__) / "static" / name).is_file():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    made = web.Response(body=_content(name), content_type=_TYPES[name.rpartition(".")[2]], headers=headers)
    made.enable_compression()
    return made


@cache
def _content(name: str) -> bytes:
    return (files(__package__) / "static" / name).read_bytes()


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_fit,
    )
    environment.globals |= {"static": static, "since": lambda started: duration(time.time() - started)}
    environment.filters |= {
        "utc": lambda seconds: rfc3339(seconds, precise=False),
        "plain": lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC",
        "sentence": lambda text: f"{text[:1].upper()}{text[1:]}.",
        "page_of": lambda name, namespace, kind: path(namespace, name, kind),
    }
    return environment


def _fit(value: object) -> object:
    """What is ours and markup already stays as it is."""
    return log_line(value) if type(value) is str else value
