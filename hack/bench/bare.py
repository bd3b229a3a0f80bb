"""The bare loop: makes the calls that the controller makes for the same runs, as a process of its own, and no more.

No watch, no cache, no decisions: what it takes is what the calls alone cost in this language with this HTTP library.
"""

import asyncio
import hashlib
import os
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec

from hack.objects import RECORDS

from . import helpers, usage

# Where each run's own values go in what is sent.
NAME, VERSION, SHA = "@NAME@", "@VERSION@", "@SHA@"
_CHILDREN = "{}/apis/tekton.dev/v1/namespaces/{}/taskruns"
_EVENTS = "{}/api/v1/namespaces/{}/events"
_VERSION = re.compile(rb'"resourceVersion":"(\d+)"')
_ID = re.compile(rb'"id":(\d+)')
# Opens the connections, which the controller has done as well before it is measured.
WARM_UP = 32


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report of a run: lists of its TaskRuns, the record's writes before and after the call, the call, and the
    Event."""

    lists: int
    before: list[str]
    call: str
    after: list[str]
    event: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    ca_file: str
    token: str
    accept: str
    namespace: str
    github: str
    github_token: str
    repository: str
    prefix: str
    listed: str  # the run whose TaskRuns are listed each time
    runs: int
    workers: int
    first: Report
    last: Report
    with_events: bool
    rate: float  # reports per second; 0 is as fast as it can


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """`cpu` and duration in seconds."""

    cpu: float
    seconds: float
    reports: int

    @property
    def each(self) -> float:
        """Milliseconds of CPU per report."""
        return 1000 * self.cpu / self.reports


class Bare:
    def __init__(self, plan: Plan, kube: aiohttp.ClientSession, github: aiohttp.ClientSession) -> None:
        self._plan = plan
        self._kube = kube
        self._github = github
        self._children = _CHILDREN.format(plan.url, plan.namespace)
        self._records = plan.url + RECORDS.format(plan.namespace)
        self._events = _EVENTS.format(plan.url, plan.namespace)
        self._checks = f"{plan.github}/repos/{plan.repository}/check-runs"
        self._kube_headers = {
            "Authorization": f"Bearer {plan.token}",
            "Content-Type": "application/json",
            "Accept": plan.accept,
        }
        self._github_headers = {
            "authorization": f"token {plan.github_token}",
            "user-agent": "tekton-integrations",
            "accept": "application/vnd.github.v3+json",
            "x-github-api-version": "2022-11-28",
            "content-type": "application/json; charset=utf-8",
        }
        self._versions: dict[str, str] = {}
        self._ids: dict[str, str] = {}

    async def run(self) -> Used:
        names = [f"{self._plan.prefix}-{number:05d}" for number in range(self._plan.runs + WARM_UP)]
        await self._all(names[:WARM_UP], self._first, rate=0)
        await self._all(names[:WARM_UP], self._last, rate=0)
        cpu, begin = usage.cpu(os.getpid()), time.monotonic()
        await self._all(names[WARM_UP:], self._first, rate=self._plan.rate)
        await self._all(names[WARM_UP:], self._last, rate=self._plan.rate)
        cpu, seconds = usage.cpu(os.getpid()) - cpu, time.monotonic() - begin
        return Used(cpu=cpu, seconds=seconds, reports=2 * self._plan.runs)

    async def _all(self, names: list[str], report: Callable[[str], Awaitable[None]], *, rate: float) -> None:
        waiting, begin = iter(enumerate(names)), time.monotonic()

        async def worker() -> None:
            for number, name in waiting:
                if rate and (ahead := begin + number / rate - time.monotonic()) > 0:
                    await asyncio.sleep(ahead)
                await report(name)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._plan.workers):
                group.create_task(worker())

    async def _first(self, name: str) -> None:
        report = self._plan.first
        await self._list(report.lists)
        for body in report.before:
            await self._record(name, body)
        sha = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
        answer = await self._call("POST", self._checks, report.call.replace(SHA, sha))
        self._ids[name] = _found(_ID, answer)
        await self._finish(name, report, "first")

    async def _last(self, name: str) -> None:
        await self._list(self._plan.last.lists)
        await self._call("PATCH", f"{self._checks}/{self._ids[name]}", self._plan.last.call)
        await self._finish(name, self._plan.last, "last")

    async def _finish(self, name: str, report: Report, which: str) -> None:
        for body in report.after:
            await self._record(name, body)
        if self._plan.with_events:
            event = report.event.replace(NAME, f"{name}.{which}")
            await _sent(self._kube, "POST", self._events, event, self._kube_headers)

    async def _list(self, times: int) -> None:
        url = f"{self._children}?labelSelector=tekton.dev/pipelineRun={self._plan.listed}&resourceVersion=0"
        for _ in range(times):
            await _sent(self._kube, "GET", url, "", self._kube_headers | {"Accept": "application/json"})

    async def _record(self, name: str, body: str) -> None:
        version = self._versions.get(name)
        if version is None:
            method, url = "POST", self._records
        else:
            method, url, body = "PUT", f"{self._records}/{name}", body.replace(VERSION, version)
        answer = await _sent(self._kube, method, url, body.replace(NAME, name), self._kube_headers)
        self._versions[name] = _found(_VERSION, answer)

    async def _call(self, method: str, url: str, body: str) -> bytes:
        return await _sent(self._github, method, url, body, self._github_headers)


async def _sent(session: aiohttp.ClientSession, method: str, url: str, body: str, headers: Mapping[str, str]) -> bytes:
    async with session.request(method, url, data=body.encode(), headers=headers) as answer:
        content = await answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {url}: {answer.status} {content[:500]!r}")
        return content


def _found(pattern: re.Pattern[bytes], text: bytes) -> str:
    match = pattern.search(text)
    assert match is not None, text[:500]
    return match[1].decode()


async def main() -> None:
    source, target = helpers.files()
    plan = msgspec.json.decode(source.read_bytes(), type=Plan)
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=plan.ca_file), limit=0)
    async with aiohttp.ClientSession(connector=connector) as kube, aiohttp.ClientSession() as github:
        used = await Bare(plan, kube, github).run()
    target.write_bytes(msgspec.json.encode(used))


if __name__ == "__main__":
    asyncio.run(main())
