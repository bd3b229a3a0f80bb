"""The end of a failed step's log, fit to be shown to everybody who sees the commit; or why there is none.

Nothing is shown unless every Secret that the pod can reach is known and hidden.
"""

import asyncio
import unicodedata
from collections.abc import Collection, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.kube.pods import Log, Pods, Unreadable
from tekton_integrations.plain_text import clean
from tekton_integrations.redaction import Redactor
from tekton_integrations.run import Child, Excerpt, Step
from tekton_integrations.secret_forms import TooMuch

PATIENCE = 5.0
LINES = 200
# Characters of a line, and bytes of all.
WIDTH = 500
SIZE = 16 * 1024

_WHY = {
    0: "the API server can't be reached",
    400: "its container has no log",
    403: "not enabled in this namespace; bind the role tekton-integrations-logs",
    404: "its pod is gone",
} | dict.fromkeys((500, 502, 503, 504), "the node of its pod does not answer")
# What a kubelet answers, with 200, once the container's log was removed.
_NO_LOG = (b"unable to retrieve container logs for ", b"failed to try resolving symlinks in path ")


class Excerpts:
    """`patience`: seconds after which one is given up, whatever the API server and the node do."""

    def __init__(self, client: KubeClient, patience: float = PATIENCE) -> None:
        self._pods = Pods(client)
        self._patience = patience

    async def get(self, namespace: str, child: Child, own: Collection[bytes]) -> Excerpt:
        """Of the failed step of a child, else of the last that started. `own`: more values to hide. What goes wrong
        is told in `withheld`, and not raised."""
        step = _step(child.steps)
        if not child.pod:
            return Excerpt(withheld="the task has no pod")
        if step is None:
            return Excerpt(withheld="no step has started")
        try:
            async with asyncio.timeout(self._patience):
                excerpt = await self._read(namespace, child.pod, step, own)
        except (ApiError, Unreadable, TooMuch, msgspec.DecodeError, TimeoutError) as error:
            gone = isinstance(error, ApiError) and error.status == 404
            excerpt = Excerpt(withheld=self._why(error), gone=gone)
        return replace(excerpt, step=step.name)

    async def _read(self, namespace: str, name: str, step: Step, own: Collection[bytes]) -> Excerpt:
        pod = await self._pods.read(namespace, name)
        # One line more tells whether these are all.
        log = await self._pods.log(pod, step.container or f"step-{step.name}", LINES + 1)
        if log.endless:
            return Excerpt(withheld=f"its last {LINES} lines are too long")
        if log.data.startswith(_NO_LOG):
            return Excerpt(withheld="its node no longer has its log", gone=True)
        # A full one takes tens of milliseconds.
        return await asyncio.to_thread(_excerpt, log, [*await self._pods.secrets(pod), *own])

    def _why(self, error: Exception) -> str:
        """Without addresses and names: it is shown to people outside."""
        if isinstance(error, ApiError):
            return _WHY.get(error.status, f"the API server answered {error.status}")
        if isinstance(error, TimeoutError):
            return f"it could not be read within {self._patience:g} s"
        if isinstance(error, TooMuch):
            return "its pod can reach too many Secrets, so nothing could be redacted"
        return str(error) if isinstance(error, Unreadable) else "the API server's answer can't be read"


def _step(steps: Sequence[Step]) -> Step | None:
    failed = (step for step in steps if step.exit_code or step.reason == "OOMKilled")
    started = (step for step in reversed(steps) if step.started is not None)
    return next(failed, None) or next(started, None)


def _excerpt(log: Log, secrets: Iterable[bytes]) -> Excerpt:
    # First of all, as no secret would be found any more that was cut.
    text = Redactor(secrets).redact(clean(log.data))
    if not text.strip():
        return Excerpt(withheld="it wrote nothing")
    lines = [line.rstrip() for line in text.rstrip().split("\n")]
    whole = log.whole and log.data.removesuffix(b"\n").count(b"\n") < LINES
    if not log.whole and len(lines) > 1:
        del lines[0]  # the rest of one
    kept = _end([_short(line) for line in lines[-LINES:]])
    return Excerpt(lines=tuple(kept), omitted=len(lines) - len(kept) if whole else None)


def _short(line: str) -> str:
    if len(line) <= WIDTH:
        return line
    at = WIDTH - 1
    while at and unicodedata.category(line[at]).startswith("M"):
        at -= 1  # an accent belongs to the letter before it
    return line[:at] + "…"


def _end(lines: list[str]) -> list[str]:
    left, at = SIZE, len(lines)
    while at and (left := left - len(lines[at - 1].encode()) - 1) >= 0:
        at -= 1
    return lines[at:]
