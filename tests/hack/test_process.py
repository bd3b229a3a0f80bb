"""A test bed leaves nothing behind, however it ends."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack.testbed import Api, ApiError, StartError, TestBed
from hack.testbed.api import polled

Object = dict[str, Any]


def running(folder: Path) -> list[str]:
    """The command lines of the processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(folder) in line:
                found.append(line)
    return found


async def polled_until_none_runs(folder: Path) -> None:
    async def none_runs() -> bool:
        return not running(folder)

    await polled(none_runs, 10)


def config_map(name: str, namespace: str = "default", **metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace, **metadata}}


async def test_two_test_beds_run_at_once_and_leave_nothing_behind() -> None:
    async with TestBed.started() as first, TestBed.started() as second:
        await first.apply(config_map("only-here"))
        assert first.port != second.port
        with pytest.raises(ApiError, match="NotFound"):
            await second.request("GET", "/api/v1/namespaces/default/configmaps/only-here")
        folders = [first.directory, second.directory]
        assert all(len(running(folder)) == 2 for folder in folders)
    assert not any(running(folder) or folder.exists() for folder in folders)


async def test_a_start_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ApiError, match="Invalid"):
        async with TestBed.started(manifests=[config_map("named", labels={"a label": ""})]):
            pass
    assert os.listdir(tmp_path) == []
    assert running(tmp_path) == []


async def test_a_cancelled_start_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    async def start() -> None:
        async with TestBed.started():
            pass

    async def etcd_runs() -> bool:
        return bool(running(tmp_path))

    task = asyncio.create_task(start())
    await polled(etcd_runs)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(tmp_path) == []
    assert running(tmp_path) == []


async def test_an_api_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "kube-apiserver"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "no such flag" >&2\nexit 3\n')
    broken.chmod(0o755)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(StartError, match=r"kube-apiserver ended with 3\nno such flag"):
        async with TestBed.started():
            pass


@pytest.fixture
async def command() -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    """`python -m hack.testbed`, ready, and the folder of its test bed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hack.testbed", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    line = (await process.stdout.readline()).decode()
    folder = Path(line.strip().removeprefix("export KUBECONFIG=")).parent
    yield process, folder
    if process.returncode is None:
        process.kill()
    await process.communicate()
    shutil.rmtree(folder, ignore_errors=True)


async def test_nothing_runs_on_when_the_parent_is_killed(command: tuple[asyncio.subprocess.Process, Path]) -> None:
    process, folder = command
    assert len(running(folder)) == 2
    process.kill()
    await process.wait()
    await polled_until_none_runs(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_command_ends_cleanly_when_told(
    number: signal.Signals, command: tuple[asyncio.subprocess.Process, Path]
) -> None:
    process, folder = command
    async with Api.from_kubeconfig(folder / "admin.kubeconfig") as api:
        assert await api.request("GET", "/apis/tekton.dev/v1/pipelineruns")
    process.send_signal(number)
    assert await process.wait() == 0
    assert not folder.exists()
    assert running(folder) == []
