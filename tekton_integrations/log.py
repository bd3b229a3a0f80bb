"""Structured logs: a fixed message with fields. Bind what is known once, with `logger.bind`."""

import io
import logging
import sys
from contextlib import suppress
from types import ModuleType
from typing import TextIO, cast

from tekton_integrations.redaction import MASK, Redactor
from tekton_integrations.secret_forms import TooMuch

# structlog imports rich where it is installed, for colours that the logs of pods don't have: 4 MiB, and a tenth of the
# time to start.
_unseen = sys.modules.setdefault("rich", cast(ModuleType, None)) is None
import structlog  # noqa: E402

if _unseen:
    del sys.modules["rich"]

logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()


# Local variables hold tokens and keys.
_TRACEBACKS = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
# Of Secrets that were read, the newest last: what an exception quotes may be one.
_MOST = 200
_secrets: dict[bytes, None] = {}


def hide(secret: bytes) -> None:
    """From now on no traceback tells it."""
    _secrets.pop(secret, None)
    _secrets[secret] = None
    if len(_secrets) > _MOST:
        del _secrets[next(iter(_secrets))]


def _hidden(text: str) -> str:
    try:
        return Redactor(_secrets).redact(text)
    except TooMuch:
        return MASK


def _dicts(exc_info: structlog.typing.ExcInfo) -> list[dict[str, object]]:
    found = _TRACEBACKS(exc_info)
    for each in found:
        each["exc_value"] = _hidden(str(each["exc_value"]))
        each["exc_notes"] = [_hidden(str(note)) for note in each.get("exc_notes") or ()]
    return found


def _plain(out: TextIO, info: structlog.typing.ExcInfo) -> None:
    told = io.StringIO()
    structlog.dev.plain_traceback(told, info)
    out.write(_hidden(told.getvalue()))


class _Enduring:
    """Standard error, whichever that is by then. What can't be written, as on a full disk, is lost and stops nobody."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


_stderr = cast(TextIO, _Enduring())


def configure(level: str = "info", form: str = "json") -> None:
    """`form` is `json` for machines or `console` for people, in colours on a terminal. Writes to standard error."""
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain)
        if form == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.ExceptionRenderer(_dicts)] if form == "json" else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(_stderr),
        cache_logger_on_first_use=False,
    )
