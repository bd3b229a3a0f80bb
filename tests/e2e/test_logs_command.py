"""`tekton-integrations logs` on a real API server: follows like /logs, with the rights of whoever asks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hack.testbed import Kubelet, TestBed
from tests.e2e.handmade import Handmade
from tests.e2e.test_commands import Terminal, role, somebody

VIEW = "tekton-integrations-view"


@pytest.fixture(scope="module")
async def kubelet(bed: TestBed) -> AsyncIterator[Kubelet]:
    async with Kubelet.started(bed, "logs-command") as started:
        yield started


@pytest.fixture
async def run(bed: TestBed, kubelet: Kubelet, namespace: str) -> Handmade:
    made = Handmade(bed, kubelet, namespace, "demo")
    await made.create()
    await made.task("build", "compile", "test")
    made.write("build", "compiling", step="compile")
    made.write("build", "\x1b[31m2 of 3\x1b[0m\x1b]0;owned\x07", step="test")
    return made


@pytest.fixture
async def admin(bed: TestBed, namespace: str) -> Terminal:
    return Terminal(bed.admin_kubeconfig, namespace)


async def test_it_follows_a_run_to_its_end_and_ends_as_that_did(run: Handmade, admin: Terminal) -> None:
    following = asyncio.create_task(admin.start("logs", "demo", "--exit-code"))
    await run.end("build", "False")
    await run.task("notify")
    run.write("notify", "told everybody")
    await run.end("notify")
    await run.finish("False")
    told = await following
    assert told.code == 1, told.text
    assert told.text.splitlines()[:3] == [
        "[build : compile] compiling",
        "[build : test] 2 of 3",
        "[notify : run] told everybody",
    ]
    assert told.text.splitlines()[-1].startswith("--- PipelineRun demo: Failed")
    # Without the option it is no failure of the command.
    again = await admin.start("logs", "demo", "--task", "notify", "--tail", "1")
    assert again.code == 0
    assert again.text.splitlines()[0] == "[notify : run] told everybody"


async def test_what_is_there_now_is_shown_without_waiting_for_more(run: Handmade, admin: Terminal) -> None:
    told = await admin.start("logs", "demo", "--no-follow", "--exit-code")
    assert told.code == 0, told.text
    assert "[build : compile] compiling" in told.text
    gone = await admin.start("logs", "nothing", "--wait", "0.2")
    assert gone.code == 3
    assert "no PipelineRun nothing came" in gone.text
    assert (await admin.run("logs", "../x")).code == 2


async def test_without_the_right_to_logs_it_says_so(bed: TestBed, run: Handmade, namespace: str) -> None:
    stranger = await somebody(bed, "stranger", namespace, VIEW)
    told = await stranger.run("logs", "demo")
    assert (told.code, 'cannot list resource "pipelineruns"' in told.text) == (1, True)
    await bed.apply(role("test-read", "get", "list", "watch"))
    blind = await somebody(bed, "blind", namespace, VIEW, "test-read")
    told = await blind.start("logs", "demo", "--no-follow")
    assert "compiling" not in told.text
    assert "--- build" in told.text
    assert "get pods/log" in told.text
