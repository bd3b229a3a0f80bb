"""The controller's event loop: uvloop where there is one, since its TLS and timers are not written in Python; and
waits that can be relied on."""

import asyncio
from contextlib import suppress


def new_event_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def happened(event: asyncio.Event, seconds: float | None) -> bool:
    """Waits until it is set, `seconds` at most; whether it is.

    Not by `wait_for`: before Python 3.12 an event in the moment of a cancellation makes that swallow the cancellation,
    and what is to stop goes on for ever. https://github.com/python/cpython/issues/86296
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
