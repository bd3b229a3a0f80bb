"""An integration before a service that refuses, breaks off or answers nonsense, and with what people have damaged: what
an author can get wrong there, each thing in a sentence that names the cure.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import msgspec

from tekton_integrations import reasons
from tekton_integrations.errors import IntegrationError, PermanentError, TemporaryError
from tekton_integrations.http import Response
from tekton_integrations.run import State
from tekton_integrations.testing.casting import CANARY, Cast, is_bug, shown
from tekton_integrations.testing.corpus import unfit
from tekton_integrations.testing.pure import bug
from tekton_integrations.testing.values import make_run
from tekton_integrations.testing.wire import Answer, Call

REFUSALS = (400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503)
PASSING = frozenset({429, 500, 502, 503})
_NONSENSE = (b"", b"<html>", b"null", b"[]", b"{}", b'{"ok": 1, "id": null}', b"\xff")


def answering(status: int, body: bytes = b"{}") -> Answer:
    return lambda _: Response(status, {}, body)


def one_line(text: str) -> bool:
    return bool(text) and "\n" not in text and not unfit(text)


async def refused(cast: Cast) -> AsyncIterator[str]:
    for status in REFUSALS:
        stage = cast.stage(answering(status))
        found = await shown(stage, make_run(State.FAILED))
        what = f"{cast.who}, whom the service answers {status},"
        if isinstance(found, IntegrationError):
            for problem in failure(found, cast.made.name, passing=status in PASSING):
                yield f"{what} {problem}"
        elif is_bug(found):
            yield bug(what, found)
        elif stage.calls:
            yield f"{what} took that for a success; look at the status of each answer"


def failure(error: IntegrationError, name: str, *, passing: bool) -> Iterator[str]:
    if passing and isinstance(error, PermanentError):
        yield f"gives up ({error}); it passes, so raise TemporaryError"
    if error.reason not in reasons.of(name):
        yield f"says {error.reason}, which nothing explains; put cause and cure into the package's {reasons.FILE}"
    if not one_line(error.message):
        yield f"says {error.message!r}; say in one line what to change"
    if CANARY in error.message:
        yield "tells a Secret in its message; leave it out"


async def cut(cast: Cast) -> AsyncIterator[str]:
    def breaks(_: Call) -> Response:
        raise TemporaryError("ConnectionBroken", "the connection broke", maybe_sent=True, down=True)

    def ends(_: Call) -> Response:
        raise asyncio.CancelledError

    found = await shown(stage := cast.stage(breaks), make_run(State.FAILED))
    if stage.calls and not isinstance(found, TemporaryError):
        yield f"{cast.who} made {found!r} of a connection that broke; let the TemporaryError of context.http pass"
    try:
        await shown(stage := cast.stage(ends), make_run(State.FAILED))
    except asyncio.CancelledError:
        return
    if stage.calls:
        yield f"{cast.who} went on when it was cancelled; let CancelledError pass, so that the controller can stop"


async def nonsense(cast: Cast) -> AsyncIterator[str]:
    for body in _NONSENSE:
        found = await shown(cast.stage(answering(200, body)), make_run(State.FAILED))
        if is_bug(found):
            yield bug(f"{cast.who}, whom the service answers {body!r},", found)


async def damaged(cast: Cast) -> AsyncIterator[str]:
    """What people can edit: ids in a record, and a Secret."""
    stage = cast.stage()
    await shown(stage, make_run())
    for name in stage.memory:
        again = cast.stage()
        again.memory = stage.memory | {name: "\x00?"}
        found = await shown(again, make_run(State.FAILED))
        if is_bug(found):
            yield bug(f"{cast.who} and a memory whose {name!r} was damaged", found)
    for name in stage.credential.secrets:
        spoilt = msgspec.structs.replace(stage.credential, secrets={**stage.credential.secrets, name: b"\xff\x00\n"})
        again = cast.stage()
        again.credential = spoilt
        found = await shown(again, make_run(State.FAILED))
        if is_bug(found):
            yield bug(f"{cast.who} whose Secret for {name!r} holds no text", found)
