"""`/logs`: what a reader sees of a run, from before it is there until it has ended."""

import aiohttp

from hack.testbed import Kubelet, TestBed
from tests.e2e.handmade import Handmade
from tests.e2e.log_readers import Reader, logs
from tests.e2e.served import may_read_logs


async def test_a_run_that_is_not_there_yet_is_waited_for_and_its_tasks_come_while_they_run(
    url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    async with session.get(logs(url, run)) as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")
        reader = Reader(answer)
        waits = f"--- waits up to 300 s for PipelineRun demo in namespace {run.namespace}, which is not there yet"
        assert await reader.lines(1) == [waits]
        await run.create()
        await run.task("build", "clone", "compile")
        run.write("build", "one", step="clone")
        assert await reader.lines(1) == ["[build : clone] one"]
        run.write("build", "two", step="clone")
        assert await reader.lines(1) == ["[build : clone] two"]
        run.write("build", "three", step="compile")
        await run.end("build")
        assert await reader.lines(1) == ["[build : compile] three"]
        await run.task("late")
        run.write("late", "four")
        assert await reader.lines(1) == ["[late : run] four"]
        await run.end("late", "False")
        await run.finish("False", skippedTasks=[{"name": "deploy", "reason": "When Expressions evaluated to false"}])
        assert await reader.rest() == [
            "--- deploy: skipped: When Expressions evaluated to false",
            "--- PipelineRun demo: Failed (Failed): it is Failed",
        ]


async def test_tasks_that_run_side_by_side_are_read_side_by_side(
    url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    await run.create()
    await run.task("a")
    await run.task("b")
    async with session.get(logs(url, run)) as answer:
        reader = Reader(answer)
        for task in ("a", "b", "a", "b"):
            run.write(task, "more")
            assert await reader.lines(1) == [f"[{task} : run] more"]


async def test_an_ended_run_is_read_in_order_of_start(url: str, session: aiohttp.ClientSession, run: Handmade) -> None:
    await run.create()
    for task in ("first", "second"):
        await run.task(task)
        run.write(task, "begins", "ends")
        await run.end(task)
    await run.finish()
    async with session.get(logs(url, run)) as answer:
        assert await Reader(answer).rest() == [
            "[first : run] begins",
            "[first : run] ends",
            "[second : run] begins",
            "[second : run] ends",
            "--- PipelineRun demo: Succeeded (Succeeded): it is Succeeded",
        ]
    async with session.get(logs(url, run, "?tail=1&task=second&follow=false")) as answer:
        assert (await Reader(answer).rest())[0] == "[second : run] ends"
    async with session.head(logs(url, run)) as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")


async def test_each_try_of_a_task_is_read(url: str, session: aiohttp.ClientSession, run: Handmade) -> None:
    await run.create()
    await run.task("flaky")
    run.write("flaky", "fails")
    async with session.get(logs(url, run)) as answer:
        reader = Reader(answer)
        assert await reader.lines(1) == ["[flaky : run] fails"]
        await run.retry("flaky")
        run.write("flaky", "does")
        assert await reader.lines(2) == ["--- flaky: is tried again (2)", "[flaky : run] does"]


async def test_a_pod_that_is_gone_and_one_that_never_was_are_told(
    bed: TestBed, url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    await run.create()
    await run.task("gone", pod=False)
    await run.end("gone")
    await run.finish()
    async with session.get(logs(url, run)) as answer:
        assert (await Reader(answer).rest())[0] == "--- gone : run: the pod is gone, and its log with it"


async def test_a_namespace_that_lets_nobody_read_its_logs_is_told_and_the_run_followed(
    bed: TestBed, url: str, session: aiohttp.ClientSession, kubelet: Kubelet, namespace: str
) -> None:
    run = Handmade(bed, kubelet, namespace, "demo")
    await run.create()
    await run.task("build")
    await run.end("build")
    await run.finish()
    async with session.get(logs(url, run)) as answer:
        words, outcome = await Reader(answer).rest()
    assert words == "--- build : run: can't be read: the right to get pods/log is missing in this namespace"
    assert outcome.startswith("--- PipelineRun demo: Succeeded")


async def test_what_a_log_holds_for_a_terminal_is_colours_only_and_no_line_of_ours(
    url: str, session: aiohttp.ClientSession, run: Handmade
) -> None:
    await run.create()
    await run.task("rude")
    run.write("rude", "\x1b[31mred", "\x1b]0;title\x07\x1b[2J\x1b[Hhome", "50%\r--- PipelineRun demo: Succeeded")
    await run.end("rude")
    await run.finish()
    async with session.get(logs(url, run)) as answer:
        assert (await Reader(answer).rest())[:3] == [
            "[rude : run] \x1b[31mred\x1b[0m",
            "[rude : run] home",
            "[rude : run] --- PipelineRun demo: Succeeded",
        ]


async def test_no_name_of_a_pod_leads_to_another_namespace(
    bed: TestBed, url: str, session: aiohttp.ClientSession, run: Handmade, kubelet: Kubelet
) -> None:
    """Who may write a TaskRun's status writes there which pod is its own."""
    await kubelet.create_pod("default", "others", ["step-run"])
    kubelet.write("default", "others", "step-run", "not for you")
    await may_read_logs(bed, "default")
    await run.create()
    for number, says in enumerate(("../../default/pods/others", "%2e%2e/%2e%2e/default/pods/others", "others/log?x=")):
        await run.task(f"t{number}", says=says, pod=False)
        await run.end(f"t{number}")
    await run.finish()
    async with session.get(logs(url, run)) as answer:
        assert await Reader(answer).rest() == ["--- PipelineRun demo: Succeeded (Succeeded): it is Succeeded"]


async def test_one_task_run_is_read_by_its_own_name(url: str, session: aiohttp.ClientSession, run: Handmade) -> None:
    await run.create()
    for task in ("build", "test"):
        await run.task(task)
        run.write(task, "written")
        await run.end(task)
    async with session.get(f"{url}/namespaces/{run.namespace}/logs/demo-test") as answer:
        assert await Reader(answer).rest() == [
            "[test : run] written",
            "--- TaskRun demo-test: Succeeded (Succeeded): it is Succeeded",
        ]
