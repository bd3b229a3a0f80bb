"""A network that tests can split: a namespace whose links to servers on our loopback can be cut without a trace.

A cut is what a split network is: packets vanish, nothing is refused or reset, and connections stay half open.
URLs and certificates stay valid, since the servers are at 127.0.0.1 inside as well.
"""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .testbed.api import polled
from .testbed.process import Child, StartError

_PROGRAMS = ("ip", "nsenter", "unshare", "sleep")
_NOBODY = "02:00:00:00:00:01"  # packets that are sent there vanish
_SYSCTL = "/proc/sys/net/ipv4/conf"


class NotPermitted(Exception):
    """This machine does not let us make network namespaces; the message says what is missing."""


class CommandError(Exception):
    """A command that shapes the network failed; the message is the command and what it said."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A wire between the namespace and ours: a pair of veths, with an address on each."""

    island: "Island"
    device: str
    outer: str
    inner: str
    outer_mac: str
    inner_mac: str

    async def cut(self) -> None:
        """From now on no packet arrives at the other end, in both directions."""
        await self._aim(_NOBODY, _NOBODY)

    async def heal(self) -> None:
        await self._aim(self.inner_mac, self.outer_mac)

    async def _aim(self, outward: str, inward: str) -> None:
        """The hardware addresses to which our end and the inner end send."""
        await self.island.outside(f"neigh replace {self.inner} lladdr {outward} dev {self.device} nud permanent")
        await self.island.inside(f"neigh replace {self.outer} lladdr {inward} dev {self.device} nud permanent")


class Island:
    """One network namespace, held by a child process: it goes when that ends, and takes its links along."""

    def __init__(self, holder: Child, stack: AsyncExitStack) -> None:
        # Put this before a command to run it inside; the process has the pid of the command.
        self.enter = (_program("nsenter"), f"--net=/proc/{holder.pid}/ns/net")
        # Here our side reaches what listens on 0.0.0.0 inside; this wire is never cut.
        self.address = ""
        self._holder = holder
        self._stack = stack
        self._links = 0

    @classmethod
    @asynccontextmanager
    async def made(cls, log: Path) -> AsyncIterator[Self]:
        """Raises NotPermitted. The holder's output goes to `log`."""
        if missing := [name for name in _PROGRAMS if shutil.which(name) is None]:
            raise NotPermitted(f"no {', '.join(missing)} here")
        if os.geteuid() != 0:
            raise NotPermitted("network namespaces need root")
        async with AsyncExitStack() as stack:
            holder = await Child.started([_program("unshare"), "--net", _program("sleep"), "infinity"], log)
            stack.push_async_callback(holder.kill)
            island = cls(holder, stack)
            try:
                await _apart(holder)
                await island._prepare()
            except (CommandError, StartError) as error:
                raise NotPermitted(str(error)) from error
            yield island

    async def _prepare(self) -> None:
        await self.inside("link set lo up")
        # Rules of ours go before the one that takes all of 127.0.0.1 for local.
        await self.inside("rule add pref 20 lookup local", "rule del pref 0 lookup local")
        self.address = (await self._wired()).inner

    async def link(self, port: int) -> Link:
        """From now on 127.0.0.1:`port` is, inside, the server that is there on our side."""
        link = await self._wired()
        table = 100 + self._links
        await self.inside(
            f"route add 127.0.0.1/32 via {link.outer} dev {link.device} src {link.inner} table {table}",
            f"rule add pref 10 dport {port} lookup {table}",
        )
        return link

    async def _wired(self) -> Link:
        self._links += 1
        link = self._chosen()
        ends = f"address {link.outer_mac} type veth peer name {link.device} address {link.inner_mac}"
        await self.outside(f"link add {link.device} {ends} netns {self._holder.pid}")
        self._stack.push_async_callback(self.outside, f"link del {link.device}")
        await self.outside(f"addr add {link.outer}/30 dev {link.device}", f"link set {link.device} up")
        await self.inside(f"addr add {link.inner}/30 dev {link.device}", f"link set {link.device} up")
        # Without these, Linux drops packets from and to 127.0.0.1 that come over a wire.
        await _allow(link.device, "route_localnet")
        await _allow(link.device, "route_localnet", self.enter)
        await _allow(link.device, "accept_local", self.enter)
        await link.heal()
        return link

    def _chosen(self) -> Link:
        """Names and addresses that nobody else has: of the range for benchmarks (RFC 2544), picked at random."""
        number = random.randrange(2**15)
        base = f"198.{18 + (number >> 14)}.{(number >> 6) & 255}"
        last = (number & 63) * 4
        return Link(
            island=self,
            device=f"ti{number:04x}{self._holder.pid:x}",
            outer=f"{base}.{last + 1}",
            inner=f"{base}.{last + 2}",
            outer_mac=f"02:00:{number >> 8:02x}:{number & 255:02x}:00:0a",
            inner_mac=f"02:00:{number >> 8:02x}:{number & 255:02x}:00:0b",
        )

    async def outside(self, *commands: str) -> None:
        """`ip` on our side."""
        await _run((_program("ip"), "-batch", "-"), commands)

    async def inside(self, *commands: str) -> None:
        await _run((*self.enter, _program("ip"), "-batch", "-"), commands)


async def _apart(holder: Child) -> None:
    """Returns when the holder is in a namespace of its own."""

    async def probe() -> bool:
        holder.check()
        return os.readlink(f"/proc/{holder.pid}/ns/net") != os.readlink("/proc/self/ns/net")

    await polled(probe, 10)


async def _allow(device: str, setting: str, enter: tuple[str, ...] = ()) -> None:
    await _run((*enter, "/bin/sh", "-c", f"echo 1 > {_SYSCTL}/{device}/{setting}"))


async def _run(command: tuple[str, ...], lines: tuple[str, ...] = ()) -> None:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate("\n".join(lines).encode())
    if process.returncode:
        raise CommandError(f"{'; '.join(lines) or command[-1]}: {output.decode().strip()}")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotPermitted(f"no {name} here")
    return found
