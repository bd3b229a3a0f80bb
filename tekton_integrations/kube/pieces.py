"""What a reader of a run's logs gets, piece by piece, and how a piece reads as text. Pure.

A line of a log begins with `[task : step] `, ours with `--- `: so no task can put words into our mouth.
"""

from msgspec import Struct

from tekton_integrations import plain_text
from tekton_integrations.run import Run
from tekton_integrations.text import clean

# Bytes; a longer line is broken.
LONGEST_LINE = 16 * 1024
_MOST = 500


class Lines(Struct, frozen=True, kw_only=True, gc=False):
    """Whole lines of one step's log, each with its line feed, fit for a terminal."""

    task: str
    step: str
    data: bytes

    def text(self) -> bytes:
        prefix = f"[{self.task} : {self.step}] ".encode()
        return prefix + self.data[:-1].replace(b"\n", b"\n" + prefix) + b"\n"


class Note(Struct, frozen=True, kw_only=True, gc=False):
    """What is to be said beside the logs: of a step, of a task, or of the run. A sentence without a full stop."""

    words: str
    task: str = ""
    step: str = ""

    def text(self) -> bytes:
        where = " : ".join(filter(None, (self.task, self.step)))
        return f"--- {where and f'{where}: '}{clean(self.words, _MOST)}\n".encode()


class Outcome(Struct, frozen=True, kw_only=True, gc=False):
    """The last piece, once the run has ended. None: it was deleted, or never came."""

    run: Run | None
    words: str

    def text(self) -> bytes:
        return f"--- {clean(self.words, _MOST)}\n".encode()


Piece = Lines | Note | Outcome


def outcome_of(run: Run) -> Outcome:
    why = f" ({run.reason}): {run.message}" if run.message else ""
    return Outcome(run=run, words=f"{run.kind} {run.name}: {run.state.value}{why}")


class Splitter:
    """Cuts what comes of a log into whole lines. `passed`: bytes of the log that were given on, also before; `skip`: so
    many of what comes were."""

    def __init__(self, passed: int = 0, skip: int = 0) -> None:
        self.passed = passed
        self._skip = skip
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """Whole lines, or nothing yet."""
        if self._skip:
            skipped = min(self._skip, len(chunk))
            self._skip -= skipped
            chunk = chunk[skipped:]
        data = self._rest + chunk
        end = data.rfind(b"\n") + 1
        whole, self._rest = data[:end], data[end:]
        self.passed += len(whole)
        if len(self._rest) > LONGEST_LINE:
            whole += self.flush()
        return plain_text.steady(whole)

    def flush(self) -> bytes:
        """What there is of a line that has no end."""
        rest, self._rest = self._rest, b""
        self.passed += len(rest)
        return plain_text.steady(rest + b"\n") if rest else b""
