"""What becomes of a step's log before anybody sees it, and what is said where nothing is shown."""

import time
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.excerpts import LINES, SIZE, WIDTH, Excerpts, _end, _short
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.kube.pods import KEEP, MOST
from tekton_integrations.run import Child, Excerpt, State, Step
from tests.kube.pod_server import LOG, NAMESPACE, PodServer
from tests.kube.watched import no_authorization
from tests.loopback import unused_url

POD = f"{NAMESPACE}/pods/p"
ACCOUNT = f"{NAMESPACE}/serviceaccounts/default"
SECRET = f"{NAMESPACE}/secrets/s"


@pytest.fixture
async def server() -> AsyncIterator[PodServer]:
    """Its pod reaches the Secret `s`."""
    async with PodServer.started() as started:
        started.pod(volumes=[{"secret": {"secretName": "s"}}])
        started.secret("s", password="hunter2")
        yield started


def step(name: str, exit_code: int | None = 0, *, reason: str = "", started: float | None = 1.0) -> Step:
    return Step(name=name, exit_code=exit_code, reason=reason, container=f"c-{name}", started=started)


def child(*steps: Step, pod: str = "p") -> Child:
    given = steps or (step("test", 1),)
    return Child(
        name="r-test",
        task="test",
        state=State.FAILED,
        reason="",
        message="",
        started=1,
        finished=2,
        steps=given,
        pod=pod,
    )


async def excerpt(server: PodServer, *steps: Step, own: tuple[bytes, ...] = ()) -> Excerpt:
    return await Excerpts(server.client).get("n", child(*steps), own)


async def lines(server: PodServer, log: str) -> list[str]:
    server.log = log.encode()
    return list((await excerpt(server)).lines)


async def withheld(server: PodServer) -> str:
    found = await excerpt(server)
    assert (found.step, found.lines) == ("test", ())
    return found.withheld


async def test_the_end_of_a_failed_step_s_log_is_shown_without_secrets(server: PodServer) -> None:
    server.log = b"\x1b[31mlogin hunter2\x1b[0m\r\nFAIL with ours\n"
    found = await excerpt(server, step("build"), step("test", 2), step("push", 1), own=(b"ours",))
    assert found == Excerpt(step="test", lines=("login ***", "FAIL with ***"), omitted=0)
    assert server.log_query == {"container": "c-test", "tailLines": str(LINES + 1)}
    assert server.asked == [POD, LOG, ACCOUNT, SECRET]


@pytest.mark.parametrize(
    ("steps", "chosen"),
    [
        ([step("a"), step("b", 1), step("c", 2)], "b"),
        ([step("a"), step("b", 0, reason="OOMKilled"), step("c", 1)], "b"),
        ([step("a"), step("b", None), step("c", None, started=None)], "b"),
        ([step("a"), step("b")], "b"),
    ],
)
async def test_the_first_failed_step_is_shown_else_the_last_that_started(
    server: PodServer, steps: list[Step], chosen: str
) -> None:
    server.log = b"x\n"
    assert (await excerpt(server, *steps)).step == chosen


async def test_a_step_that_names_no_container_runs_in_one_of_its_name(server: PodServer) -> None:
    server.log = b"x\n"
    await excerpt(server, Step(name="test", exit_code=1, reason=""))
    assert server.log_query["container"] == "step-test"


async def test_what_has_no_log_is_not_asked_for_one(server: PodServer) -> None:
    excerpts = Excerpts(server.client)
    assert await excerpts.get("n", child(pod=""), ()) == Excerpt(withheld="the task has no pod")
    waiting = child(step("test", None, started=None))
    assert await excerpts.get("n", waiting, ()) == Excerpt(withheld="no step has started")
    assert server.asked == []


NOT_ENABLED = "not enabled in this namespace; bind the role tekton-integrations-logs"
NODE = "the node of its pod does not answer"


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        (POD, 403, NOT_ENABLED),
        (LOG, 403, NOT_ENABLED),
        (POD, 404, "its pod is gone"),
        (LOG, 404, "its pod is gone"),
        (LOG, 400, "its container has no log"),
        (LOG, 500, NODE),
        (LOG, 504, NODE),
        (POD, 429, "the API server answered 429"),
        (SECRET, 403, "a Secret that its pod can reach can't be read, so nothing could be redacted"),
        (ACCOUNT, 403, "a Secret that its pod can reach can't be read, so nothing could be redacted"),
        (SECRET, 404, "a Secret that its pod used was deleted, so nothing could be redacted"),
    ],
)
async def test_what_stands_in_the_way_is_said_without_details(
    server: PodServer, path: str, status: int, why: str
) -> None:
    server.log = b"hunter2"
    server.refused[path] = status
    assert await withheld(server) == why


async def test_an_api_server_that_can_not_be_reached_or_talks_nonsense_is_no_error(server: PodServer) -> None:
    server.log = b"x"
    server.objects[POD] = ["no", "pod"]
    assert await withheld(server) == "the API server's answer can't be read"
    async with KubeClient(ClusterConfig(await unused_url(), None, no_authorization)) as client:
        found = await Excerpts(client).get("n", child(), ())
    assert found == Excerpt(step="test", withheld="the API server can't be reached")


@pytest.mark.parametrize("path", [POD, LOG, SECRET])
async def test_whoever_does_not_answer_is_given_up(server: PodServer, path: str) -> None:
    server.log = b"x"
    server.refused[path] = 0
    began = time.monotonic()
    found = await Excerpts(server.client, patience=0.2).get("n", child(), ())
    assert found.withheld == "it could not be read within 0.2 s"
    assert time.monotonic() - began < 2


async def test_more_secrets_than_can_be_looked_for_withhold_the_log(server: PodServer) -> None:
    server.log = b"x"
    server.secret("s", big="x" * 1024 * 1024, other="hunter2")
    assert await withheld(server) == "its pod can reach too many Secrets, so nothing could be redacted"


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("", "it wrote nothing"),
        (" \n\x1b[0m\n", "it wrote nothing"),
        ("unable to retrieve container logs for containerd://abc", "its node no longer has its log"),
        ("x" * (MOST + 1), f"its last {LINES} lines are too long"),
    ],
)
async def test_a_log_that_holds_nothing_is_not_shown(server: PodServer, log: str, why: str) -> None:
    server.log = log.encode()
    assert await withheld(server) == why


@pytest.mark.parametrize(
    ("count", "shown", "omitted"), [(1, 1, 0), (LINES, LINES, 0), (LINES + 1, LINES, None), (LINES + 9, LINES, None)]
)
async def test_the_last_lines_are_shown(server: PodServer, count: int, shown: int, omitted: int | None) -> None:
    server.log = "".join(f"line {number}\n" for number in range(count)).encode()
    found = await excerpt(server)
    assert (len(found.lines), found.omitted, found.lines[-1]) == (shown, omitted, f"line {count - 1}")


async def test_a_secret_is_found_before_anything_is_cut(server: PodServer) -> None:
    server.secret("s", password="hunter2" * 10)
    cut_by_width = "x" * (WIDTH - 10) + "hunter2" * 10
    assert await lines(server, f"{cut_by_width}\nend") == ["x" * (WIDTH - 10) + "***", "end"]
    wrapped = "\n".join("hunter2" * 10) + "\n"
    assert await lines(server, wrapped + "end\n" * (LINES - 10)) == ["***", *["end"] * (LINES - 10)]


async def test_of_a_log_whose_beginning_was_cut_the_rest_of_a_line_is_left_out(server: PodServer) -> None:
    found = await lines(server, "a" * KEEP + "\nb\nc\n")
    assert found == ["b", "c"]
    [only] = await lines(server, "a" * (KEEP + 1))
    assert only == "a" * (WIDTH - 1) + "…"


async def test_what_is_left_out_for_its_size_is_counted(server: PodServer) -> None:
    server.log = "".join(f"{number:02}{'é' * 400}\n" for number in range(30)).encode()
    found = await excerpt(server)
    assert found.omitted == 30 - len(found.lines) > 0
    assert found.lines[-1].startswith("29é")
    assert SIZE - 900 < len("\n".join(found.lines).encode()) <= SIZE


@given(st.text(alphabet="a\u0301漢🚀\u0308", max_size=2 * WIDTH))
def test_a_long_line_keeps_its_beginning_and_whole_letters(line: str) -> None:
    short = _short(line)
    assert len(short) <= WIDTH
    if short != line:
        assert line.startswith(short.removesuffix("…"))
        assert line[len(short) - 1] in "a漢🚀" or short == "…"


@given(st.lists(st.text(max_size=WIDTH), max_size=100))
def test_as_many_of_the_last_lines_are_kept_as_fit(given_lines: list[str]) -> None:
    kept = _end(given_lines)
    size = sum(len(line.encode()) + 1 for line in kept)
    assert size <= SIZE
    assert given_lines[len(given_lines) - len(kept) :] == kept
    if len(kept) < len(given_lines):
        assert size + len(given_lines[-len(kept) - 1].encode()) + 1 > SIZE
