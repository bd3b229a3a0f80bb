"""The service as a process of its own, the readers and a long log."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from hack.bench import usage
from hack.controller import NAMESPACE, PROGRAM
from hack.testbed import Kubelet, TestBed
from hack.testbed.api import polled
from hack.testbed.process import Child, free_port
from tests.e2e.handmade import Handmade

from .results import Results, Sizes

ACCOUNT = "tekton-integrations-serve"
LINE = "x" * 1023
# What stands before each line: `[long : run] `.
PREFIX = 13
_DROPPED = "reader dropped"


async def measured(bed: TestBed, sizes: Sizes, folder: Path, namespace: str = "default") -> Results:
    async with AsyncExitStack() as stack:
        kubelet = await stack.enter_async_context(Kubelet.started(bed, "bench-readers"))
        run = Handmade(bed, kubelet, namespace, "long")
        await run.create()
        await run.task("long")
        for _ in range(sizes.megabytes * 1000):
            run.write("long", LINE)
        url, child = await _service(bed, sizes, folder, namespace)
        stack.push_async_callback(child.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        await _healthy(session, url, child)
        return await _read(session, f"{url}/namespaces/{namespace}/logs/long", sizes, child)


async def _service(bed: TestBed, sizes: Sizes, folder: Path, namespace: str) -> tuple[str, Child]:
    port = free_port()
    await bed.kubectl("create", "rolebinding", "logs", f"--clusterrole={ACCOUNT}-logs", "-n", namespace,
                      f"--serviceaccount={NAMESPACE}:{ACCOUNT}")  # fmt: skip
    account = await bed.service_account_directory(NAMESPACE, ACCOUNT)
    options = ["--insecure", "--host=127.0.0.1", f"--port={port}", f"--stall={sizes.stall}"]
    command = [*PROGRAM, "serve", *options, f"--service-account={account}"]
    return f"http://127.0.0.1:{port}", await Child.started(command, folder / "serve.log", bed.service_environment)


async def _healthy(session: aiohttp.ClientSession, url: str, child: Child) -> None:
    async def probe() -> bool:
        child.check()
        try:
            async with session.get(f"{url}/health") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    await polled(probe)


async def _read(session: aiohttp.ClientSession, log: str, sizes: Sizes, child: Child) -> Results:
    expected = sizes.megabytes * 1000 * (len(LINE) + 1 + PREFIX)
    before, begin, used = usage.rss(child.pid), time.monotonic(), usage.cpu(child.pid)
    slow = sizes.readers - sizes.whole - sizes.idle
    others = [asyncio.create_task(_slowly(session, log, sizes.rate * 1024)) for _ in range(slow)]
    idle = [asyncio.create_task(_never(session, log)) for _ in range(sizes.idle)]
    got = await asyncio.gather(*(_all(session, log, expected) for _ in range(sizes.whole)))
    seconds, cpu = time.monotonic() - begin, usage.cpu(child.pid) - used

    async def all_dropped() -> bool:
        return child.log.read_text().count(_DROPPED) >= sizes.idle

    await polled(all_dropped, 2 * sizes.stall + 60)
    peak = usage.peak_rss(child.pid)
    for each in (*others, *idle):
        each.cancel()
    await asyncio.gather(*others, *idle, return_exceptions=True)
    return Results(
        sizes=sizes,
        before=before,
        peak=peak,
        after=usage.rss(child.pid),
        missed=sum(expected - each for each in got),
        dropped=child.log.read_text().count(_DROPPED),
        seconds=seconds,
        cpu=cpu,
    )


async def _all(session: aiohttp.ClientSession, log: str, expected: int) -> int:
    """How many bytes came."""
    got = 0
    async with session.get(log, timeout=aiohttp.ClientTimeout(total=None)) as answer:
        while got < expected and (chunk := await answer.content.readany()):
            got += len(chunk)
    return got


async def _slowly(session: aiohttp.ClientSession, log: str, rate: int) -> None:
    async with session.get(log, timeout=aiohttp.ClientTimeout(total=None), read_bufsize=16 * 1024) as answer:
        while chunk := await answer.content.read(rate // 4):  # noqa: ASYNC110  (to be slow)
            await asyncio.sleep(len(chunk) / rate)


async def _never(session: aiohttp.ClientSession, log: str) -> None:
    async with session.get(log, timeout=aiohttp.ClientTimeout(total=None), read_bufsize=1024):
        await asyncio.Event().wait()
