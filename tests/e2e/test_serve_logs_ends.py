"""`/logs`: how it ends, before its time and at it, and that nothing of it is left."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from hack.testbed import TestBed
from hack.testbed.api import polled
from hack.testbed.certificates import Authority
from tekton_integrations.web.passwords import hashed
from tests.e2e.handmade import Handmade
from tests.e2e.log_readers import Reader, logs
from tests.e2e.served import basic, served


async def test_a_run_that_never_comes_or_goes_again_is_told(
    bed: TestBed, url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    async with session.get(logs(url, run, "?wait=1")) as answer:
        assert (await Reader(answer).rest())[1] == "--- no PipelineRun demo came within 1 s"
    async with session.get(logs(url, run, "?wait=0")) as answer:
        assert answer.status == 404
    await run.create()
    await run.task("build")
    run.write("build", "x")
    async with session.get(logs(url, run)) as answer:
        reader = Reader(answer)
        await reader.lines(1)
        await bed.request("DELETE", f"/apis/tekton.dev/v1/namespaces/{run.namespace}/pipelineruns/demo")
        assert (await reader.rest())[-1] == "--- PipelineRun demo was deleted while it went on"


async def test_a_connection_that_breaks_loses_nothing_and_repeats_nothing(
    url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    await run.create()
    await run.task("long")
    run.write("long", "one", "two")
    async with session.get(logs(url, run)) as answer:
        assert await Reader(answer).lines(2) == ["[long : run] one", "[long : run] two"]
        for line in ("three", "four"):
            run.cut("long")
            run.write("long", line)
            assert await Reader(answer).lines(1) == [f"[long : run] {line}"]


async def test_task_runs_that_were_cleaned_up_are_told_at_once(
    bed: TestBed, url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    await run.create()
    await run.task("build")
    await run.end("build")
    await run.finish(completionTime="2026-01-01T00:00:00Z")
    await bed.request("DELETE", f"/apis/tekton.dev/v1/namespaces/{run.namespace}/taskruns/demo-build")
    async with session.get(logs(url, run), timeout=aiohttp.ClientTimeout(total=4)) as answer:
        assert (await Reader(answer).rest())[0] == "--- gone, and their logs with them: demo-build"


async def test_a_disconnect_frees_everything_but_what_others_read(
    bed: TestBed, run: Handmade, session: aiohttp.ClientSession
) -> None:
    await run.create()
    await run.task("a")
    await run.task("b")
    async with served(bed) as url:
        run.write("a", "x")
        async with session.get(logs(url, run)) as other, session.get(logs(url, run)) as answer:
            for reader in (other, answer):
                assert await Reader(reader).lines(1) == ["[a : run] x"]
            both = _work()
            assert (both.count("Informer.run"), both.count("_Follow.run")) == (4, 2)
            answer.close()

            async def one_left() -> bool:
                return _work().count("_Follow.run") == 1

            await polled(one_left, 5)
            assert _work().count("Informer.run") == 4
            run.write("a", "y")
            assert await Reader(other).lines(1) == ["[a : run] y"]
            other.close()
        await polled(_nothing_left, 5)


async def test_a_log_ends_when_its_reader_may_no_longer(
    bed: TestBed, run: Handmade, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    users = tmp_path / "users.yaml"
    users.write_text(f"users: [{{name: ci, password: {hashed('secret')!r}, namespaces: ['*']}}]")
    await run.create()
    await run.task("build")
    run.write("build", "one")
    header = {"Authorization": basic("ci", "secret")}
    settings = {"insecure": False, "users": users, "recheck": 0}
    async with served(bed, **settings) as url, session.get(logs(url, run), headers=header) as answer:
        assert await Reader(answer).lines(1) == ["[build : run] one"]
        users.write_text("users: []")
        run.write("build", "two")
        assert await Reader(answer).rest() == ["--- the log ends here: The name or the password is wrong."]


@pytest.mark.parametrize("secure", [False, True])
async def test_a_reader_that_never_reads_is_dropped(
    bed: TestBed, run: Handmade, session: aiohttp.ClientSession, tmp_path: Path, secure: bool
) -> None:
    await run.create()
    await run.task("long")
    run.write("long", *["x" * 1000] * 30_000)
    pair = Authority(tmp_path).issue("localhost")
    tls = {"certificate": pair.certificate, "key": pair.key} if secure else {}
    async with served(bed, stall=1, **tls) as url, session.get(logs(url, run), read_bufsize=1024, ssl=False) as answer:
        await polled(_nothing_left, 20)
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()


async def _nothing_left() -> bool:
    return not _work()


def _work() -> list[str]:
    """What goes on in this process for readers of logs."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return [name for name in names if name.split(".")[0] in ("_Follow", "Informer")]
