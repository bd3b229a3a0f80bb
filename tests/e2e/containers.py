"""Images, as buildah makes them, and programs in them as a kubelet would start them: as nobody, without capabilities,
with a root file system that can't be written."""

import asyncio
import json
import os
import shutil
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from tests import own_base

ACCOUNT = "var/run/secrets/kubernetes.io/serviceaccount"
# What stands after it is run. chroot gives up all capabilities with the user.
_ENTER = """
mount --bind "$1" "$1" && mount --bind "$2" "$1/$3" && mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
mount -o remount,bind,ro "$1" && cd / && shift 3 && exec setpriv --no-new-privs -- "$@"
"""


class Missing(Exception):
    """What is needed to build an image is not here; the message says what."""


class Buildah:
    """With a store of its own, and a base image for where no registry is reached."""

    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
        self.command = ["buildah", "--root", str(folder / "store"), "--runroot", str(folder / "run")]
        self._folder = folder

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator[Self]:
        """Raises Missing. `folder` is empty, and is so afterwards."""
        if missing := [name for name in ("buildah", "unshare", "setpriv", "chroot") if not shutil.which(name)]:
            raise Missing(f"no {', '.join(missing)} here")
        if os.geteuid():
            raise Missing("to enter an image needs root")
        buildah = cls(folder)
        try:
            yield buildah
        finally:
            await buildah("rm", "--all")  # unmounts them
            shutil.rmtree(folder)

    async def __call__(self, *arguments: str, where: Path = Path("/")) -> str:
        """What it prints. Fails with what it says."""
        return await said([*self.command, *arguments], where, self.environment)

    async def base(self) -> None:
        """Makes localhost/base."""
        root = self._folder / "base"
        own_base.lay(root)
        (self._folder / "Containerfile").write_text("FROM scratch\nCOPY base /\n")
        await self("build", "--timestamp", "0", "--tag", "base", ".", where=self._folder)
        shutil.rmtree(root)

    async def config(self, image: str) -> dict[str, Any]:
        """As the OCI has it: `User`, `Entrypoint`, `Env` …"""
        found: dict[str, Any] = json.loads(await self("inspect", "--type", "image", image))["OCIv1"]["config"]
        return found

    async def unpacked(self, image: str) -> Path:
        """The root file system of a container of it."""
        container = (await self("from", "--pull-never", image)).strip()
        return Path((await self("mount", container)).strip())


async def said(command: Sequence[str], where: Path, environment: Mapping[str, str]) -> str:
    """What a command prints. Fails with all that it says."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=where, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, f"{' '.join(command)}: {output.decode()}{errors.decode()}"
    return output.decode()


def entering(root: Path, account: Path, user: int, environment: Mapping[str, str], command: Sequence[str]) -> list[str]:
    """The command line that runs `command` in `root`, with the folder of an account where pods have it."""
    (root / ACCOUNT).mkdir(parents=True, exist_ok=True)
    mounts = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "sh", str(root), str(account)]
    variables = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    chroot = [str(shutil.which("chroot")), f"--userspec={user}:{user}", "--groups=", str(root)]
    return [str(shutil.which("unshare")), *mounts[1:], ACCOUNT, *variables, *chroot, *command]


def packed(package: Path, wheel: Path) -> None:
    """Makes a wheel of a folder that is laid out as pip would."""
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(each for each in package.rglob("*") if each.is_file()):
            archive.write(path, path.relative_to(package))
        [info] = package.glob("*.dist-info")
        archive.writestr(f"{info.name}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info.name}/RECORD", "")
