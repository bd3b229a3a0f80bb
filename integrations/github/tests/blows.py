"""What is around one run in tests of cuts: an API server that fails on demand, tasks, quotas by the test's time; and
what goes wrong with a call besides what the look-alike knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from tekton_integrations import Limits, Quota
from tekton_integrations.allowance import Allowance
from tekton_integrations.provider import Provider
from tekton_integrations.quotas import Quotas
from tests.fakes.github import Call
from tests.fakes.github.call import Answer
from tests.fakes.github.faults import Exchange
from tests.fakes.object_server import ObjectServer
from tests.reconciling import NAMESPACE

FINDINGS = 60
TASK_RUNS = f"/apis/tekton.dev/v1/namespaces/{NAMESPACE}/taskruns"
POD = f"/api/v1/namespaces/{NAMESPACE}/pods/test-pod"
BEFORE, AFTER = "before", "after"
# Of each task, in the phases after the run began.
TASKS: dict[str, tuple[str, str, str]] = {
    "build": ("Running", "Succeeded", "Succeeded"),
    "test": ("", "Running", "Failed"),
    "lint": ("", "Running", "Succeeded"),
}


class Victim(Protocol):
    """What a blow is dealt to. `late`: what lands at GitHub after its client has gone, and when."""

    late: list[tuple[float, Call]]

    @property
    def now(self) -> float: ...

    def kill(self) -> None: ...


class Api(ObjectServer):
    """`strike` is called at the record write of that number, before or after it takes effect."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.at = 0
        self.when = AFTER
        self.strike: Callable[[], None] = lambda: None

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == f"{POD}/log":
            return web.Response(text="".join(f"main.go:{n}: no. {n}\n" for n in range(1, FINDINGS + 1)))
        if "/integrationstatuses" not in request.path or request.method == "GET":
            return await super()._answer(request)
        self.writes.append(request.method)
        if len(self.writes) != self.at:
            return await super()._answer(request)
        if self.when == AFTER:
            await super()._answer(request)
        self.strike()
        return web.json_response({"code": 500, "reason": "InternalError", "message": "out of order"}, status=500)


class TimedQuotas(Quotas):
    """By the clock that the test moves. `pace`: the writes a second that were learnt already."""

    def __init__(self, now: Callable[[], float], pace: float | None) -> None:
        super().__init__()
        self._now = now
        self._pace = pace
        self._by_scope: dict[str, Quota] = {}

    def get(self, provider: Provider, scope: str, limits: Limits) -> Quota:
        if scope not in self._by_scope:
            quota = self._by_scope[scope] = Quota(limits, self._now, self._now)
            if self._pace:
                quota.restore(Allowance(scope=scope, writes_per_second=self._pace, refused_time=self._now()))
        return self._by_scope[scope]


@dataclass(frozen=True)
class Late:
    """The connection is cut, and so many seconds later, by the test's clock, it is done."""

    history: Victim
    seconds: float

    async def run(self, exchange: Exchange) -> Answer | None:
        exchange.cut()
        self.history.late.append((self.history.now + self.seconds, exchange.call))
        return None


@dataclass(frozen=True)
class Killed:
    """The process dies before it hears how the call went."""

    history: Victim
    after: bool = True

    async def run(self, exchange: Exchange) -> Answer | None:
        if self.after:
            await exchange.proceed()
        self.history.kill()
        exchange.cut()
        return None


def task_run(name: str, state: str, now: float) -> dict[str, Any]:
    """As Tekton has it; its one step has ended with the task."""
    time = "2027-01-15T08:00:20Z"
    status: dict[str, Any] = {"podName": f"{name}-pod", "startTime": time}
    step: dict[str, Any] = {"name": "run", "container": "step-run"}
    verdict = {"Running": "Unknown", "Succeeded": "True", "Failed": "False"}[state]
    if state == "Running":
        step["running"] = {"startedAt": time}
    else:
        code = int(state == "Failed")
        step["terminated"] = {"exitCode": code, "reason": "Error", "startedAt": time, "finishedAt": time}
        status["completionTime"] = time
    status |= {"steps": [step], "conditions": [{"type": "Succeeded", "status": verdict, "reason": state}]}
    owner = {
        "apiVersion": "tekton.dev/v1",
        "kind": "PipelineRun",
        "name": "build-1",
        "uid": "uid-1",
        "controller": True,
    }
    labels = {"tekton.dev/pipelineTask": name, "tekton.dev/pipelineRun": "build-1"}
    metadata = {"labels": labels, "ownerReferences": [owner], "creationTimestamp": time}
    return {"apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": metadata, "status": status}
