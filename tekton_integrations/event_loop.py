"""The controller's event loop: uvloop where there is one, since its TLS and timers are not written in Python."""

import asyncio
import gc

# Objects made before the collector looks for cycles: a report makes thousands, and hardly any cycle.
_YOUNG = 10_000


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Also lets the garbage collector look less often."""
    gc.set_threshold(_YOUNG)
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
