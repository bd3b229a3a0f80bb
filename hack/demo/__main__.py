"""`python -m hack.demo`: see --help. Exit code: 0 right, 1 wrong, 130 stopped before the end."""

import argparse
import asyncio
import io
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .screen import Screen

EPILOG = """
environment:
  KEEP=1           leave everything running until Ctrl-C
  KUBECONFIG=FILE  use this cluster instead of a test bed, in a namespace of its own,
                   and remove everything at the end
"""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m hack.demo",
        description="Plays four recorded Tekton runs on a real API server and shows what GitHub would show.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--preview-only", type=Path, metavar="DIR", help="write the preview's pages there, run nothing")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        if options.preview_only:
            return _write_preview(options.preview_only)
        return asyncio.run(_demo())
    except KeyboardInterrupt:  # before _demo() took over the signals
        return 130


def _write_preview(folder: Path) -> int:
    from .preview import INDEX, preview  # noqa: PLC0415  (Ctrl-C while this is imported is to end quietly, too)

    preview().write(folder)
    print(folder / INDEX)
    return 0


async def _demo() -> int:
    from .demo import Demo, options_from_environment  # noqa: PLC0415  (as above)
    from .screen import Screen  # noqa: PLC0415

    screen = Screen()
    demo = Demo(screen, options_from_environment())
    running = asyncio.create_task(demo.run())
    _stop_on_signals(running, screen)
    try:
        await running
    except asyncio.CancelledError:
        screen.say("Stopped; nothing is left running.")
    except Exception as error:
        return _failed(screen, error)
    return demo.exit_code


def _stop_on_signals(running: "asyncio.Task[None]", screen: "Screen") -> None:
    """The first one stops everything in order; a further one must not break that off."""

    def stop() -> None:
        screen.verbatim("")
        if running.cancelling():
            screen.say("Already stopping; this takes a minute at most.")
        else:
            screen.say("Stopping …")
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)


def _failed(screen: "Screen", error: Exception) -> int:
    """What kept the demo from ending. Expected errors explain themselves; of a bug, the place matters as well."""
    for each in _single(error):
        if type(each).__module__ == "builtins":
            raise each
        screen.heading(f"The demo ends here: {type(each).__name__}")
        for line in str(each).splitlines():
            screen.say(line, style="red")
    return 1


def _single(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _single(each)
    else:
        yield error


if __name__ == "__main__":
    sys.exit(main())
