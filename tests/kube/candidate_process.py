"""A candidate that is a process of its own, so that it can be frozen. It prints what becomes of it, a line each."""

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hack.testbed.api import polled
from hack.testbed.process import Child
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import load
from tekton_integrations.kube.lease import Lease
from tests.kube.candidates import NAME, PATIENCE, SHORT, Election


class Process:
    def __init__(self, child: Child) -> None:
        self.child = child

    @classmethod
    @asynccontextmanager
    async def started(cls, election: Election, holder: str, folder: Path) -> AsyncIterator["Process"]:
        arguments = [str(election.bed.admin_kubeconfig), election.namespace, holder]
        child = await Child.started([sys.executable, "-m", __name__, *arguments], folder / "candidate.log")
        try:
            yield cls(child)
        finally:
            await child.kill()

    def said(self) -> list[str]:
        return [line for line in self.child.log.read_text().splitlines() if line.startswith("it ")]

    async def says(self, line: str) -> None:
        async def found() -> bool:
            self.child.check()
            return line in self.said()

        await polled(found, PATIENCE)


def say(what: str) -> None:
    sys.stdout.write(f"it {what}\n")
    sys.stdout.flush()


def watch_for_pauses(lease: Lease) -> None:
    """In a thread: after a pause it looks before the event loop has done anything about it, or while it does."""
    last = time.monotonic()
    while True:
        time.sleep(0.005)
        held, now = lease.held, time.monotonic()
        if now - last > SHORT.duration:
            say(f"woke, and {'holds' if held else 'does not hold'} it")
        last = now


async def main(kubeconfig: str, namespace: str, holder: str) -> None:
    async with KubeClient(await load(kubeconfig)) as client, asyncio.TaskGroup() as group:
        lease = Lease(client, namespace, NAME, holder, SHORT)
        threading.Thread(target=watch_for_pauses, args=[lease], daemon=True).start()
        group.create_task(lease.run())
        while True:
            await lease.acquired()
            say("is held")
            await lease.lost()
            say("is lost")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
