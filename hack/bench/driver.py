"""Writes the states of runs, as a process of its own. All is prepared in its plan, so that it is never the slow one."""

import asyncio
import re
import time
from typing import NamedTuple

import msgspec

from hack.testbed import Api

from . import helpers

UID = "@UID@"
_UID = re.compile(rb'"uid":"([^"]+)"')


class Moment(NamedTuple):
    """When the run of a commit gets its first condition, or (`final`) its last."""

    sha: str
    final: bool


class Write(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the API server, `at` so many seconds after the begin, and after the run's write before it.

    `moment` is what it brings about. The run's uid goes where the body says UID: the API server chooses it.
    """

    run: str
    at: float = 0.0
    moment: Moment | None = None
    method: str
    path: str
    content_type: str
    body: msgspec.Raw


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    kubeconfig: str
    accept: str
    connections: int
    writes: list[Write]


class Done(msgspec.Struct, frozen=True):
    """In seconds since the epoch."""

    sent: float
    answered: float


class Driver:
    def __init__(self, plan: Plan, api: Api) -> None:
        self._plan = plan
        self._api = api
        self._uids: dict[str, bytes] = {}
        self._free = asyncio.Semaphore(plan.connections)
        self._begin = asyncio.get_running_loop().time()

    async def run(self) -> list[Done]:
        """In the order of the plan."""
        tasks: list[asyncio.Task[Done]] = []
        latest: dict[str, asyncio.Task[Done]] = {}
        async with asyncio.TaskGroup() as group:
            for write in self._plan.writes:
                await self._due(write)
                latest[write.run] = group.create_task(self._write(write, latest.get(write.run)))
                tasks.append(latest[write.run])
        return [task.result() for task in tasks]

    async def _due(self, write: Write) -> None:
        ahead = self._begin + write.at - asyncio.get_running_loop().time()
        if ahead > 0:
            await asyncio.sleep(ahead)

    async def _write(self, write: Write, before: asyncio.Task[Done] | None) -> Done:
        if before is not None:
            await before
        headers = {"Content-Type": write.content_type, "Accept": self._plan.accept}
        body = bytes(write.body).replace(UID.encode(), self._uids.get(write.run, b""))
        async with self._free:
            sent = time.time()
            async with self._api.session.request(
                write.method, self._api.url + write.path, data=body, headers=headers
            ) as answer:
                content = await answer.read()
            if answer.status >= 300:
                raise RuntimeError(f"{write.method} {write.path}: {answer.status} {content[:500]!r}")
            if write.run not in self._uids and (uid := _UID.search(content)):
                self._uids[write.run] = uid[1]
            return Done(sent, time.time())


async def main() -> None:
    source, target = helpers.files()
    plan = msgspec.json.decode(source.read_bytes(), type=Plan)
    async with Api.from_kubeconfig(plan.kubeconfig) as api:
        done = await Driver(plan, api).run()
    target.write_bytes(msgspec.json.encode(done))


if __name__ == "__main__":
    asyncio.run(main())
