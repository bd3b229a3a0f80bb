"""What a run may ask of GitHub besides a check, on a real API server: a failed step's log, a pull request's comment,
checks of tasks, a deployment; and that nothing of it is lost or doubled when the controller is killed.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hack import objects
from hack.controller import NAMESPACE, Controller
from hack.testbed import Kubelet, TestBed
from hack.testbed.api import polled
from tests.e2e.builds import Build, later_second
from tests.e2e.stage import REPOSITORY, SHA, Stage, condition
from tests.e2e.test_excerpts import POD, bind
from tests.fakes.github import Call, CheckRun, Comment

PULL = 12
SAME_POD = "--identity=controller-0"
COMMENTS = "GET /repos/{repo}/issues/{number}/comments"
EVERYTHING = {"checks": "tasks", "comment": "always", "pull-request": str(PULL), "environment": "staging"}
ON_FAILURE = {"comment": "on-failure", "pull-request": str(PULL)}
# A call in doubt is settled within 30 s, and looked at once more 20 s later.
REPAIR = 90.0


@pytest.fixture(autouse=True)
def rights(stage: Stage) -> None:
    installed = stage.github.installation(REPOSITORY, stage.app)
    installed.permissions |= {"pull_requests": "write", "deployments": "write"}
    stage.github.add_pull_request(REPOSITORY, PULL, SHA)


@pytest.fixture
async def kubelet(bed: TestBed) -> AsyncIterator[Kubelet]:
    async with Kubelet.started(bed) as started:
        yield started


def comments(stage: Stage) -> list[Comment]:
    return stage.github.comments(REPOSITORY, PULL)


def told(stage: Stage) -> list[list[str]]:
    return [[status.state for status in each.statuses] for each in stage.github.deployments(REPOSITORY)]


def ends(stage: Stage) -> list[tuple[str, str | None]]:
    return [(check.name, check.conclusion) for check in stage.checks()]


def once(stage: Stage, holds: Callable[[Call], bool], deed: Callable[[], Awaitable[object]]) -> None:
    """The first time that GitHub has changed something so, and the controller has not heard of it yet."""
    done: list[Call] = []

    async def hook(call: Call) -> None:
        if not done and holds(call):
            done.append(call)
            await deed()

    stage.github.on_write(hook)


async def test_a_failed_step_shows_the_end_of_its_log_and_what_it_says_of_files_but_no_secret(
    stage: Stage, controller: Controller, namespace: str, kubelet: Kubelet
) -> None:
    secret = {"metadata": {"name": "registry"}, "stringData": {"password": "hunter2"}}
    await stage.bed.request("POST", f"/api/v1/namespaces/{namespace}/secrets", secret)
    await kubelet.create_pod(namespace, "build-test-pod", ["step-test"], **POD)
    for line in ("login robot:hunter2", "main_test.go:7: want 1, got hunter2"):
        kubelet.write(namespace, "build-test-pod", "step-test", line)
    await bind(stage.bed, namespace, "ClusterRole", "tekton-integrations-logs")
    build = await Build.started(stage, namespace, **EVERYTHING)
    await build.ends()
    await build.reported()
    [check] = [check for check in stage.checks() if check.name == "ci"]
    assert "login robot:***" in (check.output.text or "")
    notes = [(note["path"], note["start_line"], note["message"]) for note in check.output.annotations]
    assert notes == [("main_test.go", 7, "want 1, got ***")]
    everything = [str(write.body) for each in stage.checks() for write in each.history]
    assert "hunter2" not in "".join([*everything, *(comment.body for comment in comments(stage))])


async def test_without_the_role_the_check_says_how_to_enable_logs(
    stage: Stage, controller: Controller, namespace: str, kubelet: Kubelet
) -> None:
    await kubelet.create_pod(namespace, "build-test-pod", ["step-test"], **POD)
    build = await Build.started(stage, namespace)
    await build.ends()
    await build.reported()
    [check] = stage.checks()
    said = f"{check.output.summary}{check.output.text}"
    assert "bind the role" in said
    assert "tekton-integrations-logs" in said.replace("\\", "")


async def test_a_comment_goes_green_with_the_next_run_also_after_a_restart_and_without_reading_all_comments(
    stage: Stage, namespace: str
) -> None:
    async with stage.controller():
        first = await Build.started(stage, namespace, name="first", **ON_FAILURE)
        await first.ends()
        await first.reported()
    assert "test failed" in comments(stage)[0].body
    listed = stage.github.counts[COMMENTS]
    await later_second(stage, first.run.path)
    async with stage.controller():
        second = await Build.started(stage, namespace, name="second", **ON_FAILURE)
        await second.ends(well=True)
        await second.reported()
    [comment] = comments(stage)
    assert "Succeeded" in comment.body
    assert [write.method for write in comment.history] == ["POST", "PATCH"]
    assert stage.github.counts[COMMENTS] == listed


async def test_two_runs_of_one_name_on_one_commit_have_a_check_each(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    old = await Build.started(stage, namespace, name="old")
    new = await Build.started(stage, namespace, name="new")
    await new.ends(well=True)
    await new.reported()
    await old.ends()
    await old.reported()
    assert sorted(ends(stage), key=str) == [("ci", "failure"), ("ci", "success")]


async def test_each_task_has_a_check_and_the_environment_a_deployment_that_is_told_each_state_once(
    stage: Stage, controller: Controller, namespace: str
) -> None:
    build = await Build.started(stage, namespace, **EVERYTHING)

    async def running() -> bool:
        return len(stage.checks()) == 2 and bool(told(stage)) and told(stage)[0][-1:] == ["in_progress"]

    await polled(running)
    await build.ends(well=True)
    record = await build.reported()
    assert ends(stage) == [("ci", "success"), (f"ci / {build.task.name}", "success")]
    [states] = told(stage)
    assert [state for state in states if state != "queued"] == ["in_progress", "success"]
    assert record["status"]["conditions"][0]["reason"] == "Reported"
    assert "Succeeded" in comments(stage)[0].body


@pytest.mark.parametrize(("recording", "conclusion"), [("skipped", "skipped"), ("failure", "cancelled")])
async def test_a_task_that_did_not_run_has_a_check_that_lets_nothing_in_where_another_failed(
    stage: Stage, controller: Controller, namespace: str, recording: str, conclusion: str
) -> None:
    asked = {"github.integrations.tekton.dev/checks": "tasks"}
    await stage.player.play(recording, namespace=namespace, sha=SHA, annotations=asked)
    await stage.reported(namespace)
    [deploy] = [check for check in stage.checks() if check.name.endswith(" / deploy")]
    assert (deploy.status, deploy.conclusion) == ("completed", conclusion)


async def test_checks_and_comments_lead_to_the_provider_s_page_about_the_run(stage: Stage, namespace: str) -> None:
    provider = objects.github_app(
        NAMESPACE,
        "github",
        app_id=7,
        secret="github-app",
        endpoint=stage.github.url,
        grants=[objects.grant("*", targets=["acme/*"])],
    )
    provider["spec"]["detailsUrl"] = "https://tekton.example.com/#/namespaces/$(namespace)/$(plural)/$(name)"
    await stage.bed.apply(provider)
    async with stage.controller():
        build = await Build.started(stage, namespace, **EVERYTHING)
        await build.ends()
        await build.reported()
    page = f"https://tekton.example.com/#/namespaces/{namespace}/pipelineruns/build"
    assert {check.details_url for check in stage.checks()} == {page}
    assert page in comments(stage)[0].body
    assert stage.github.deployments(REPOSITORY)[0].statuses[-1].log_url == page


def _final_check(call: Call) -> bool:
    return isinstance(call.written, CheckRun) and call.written.name == "ci" and call.written.conclusion == "failure"


def _comment(call: Call) -> bool:
    return isinstance(call.written, Comment)


@pytest.mark.long
@pytest.mark.parametrize("moment", [_final_check, _comment])
async def test_a_controller_that_is_killed_in_the_midst_of_a_report_loses_and_doubles_nothing(
    stage: Stage, namespace: str, moment: Callable[[Call], bool]
) -> None:
    controller = await stage.start_controller(SAME_POD)
    await controller.ready()
    once(stage, moment, controller.kill)
    build = await Build.started(stage, namespace, **EVERYTHING)
    await build.ends()
    await controller.child.wait()
    async with stage.controller(SAME_POD):
        await build.reported(REPAIR)
    assert ends(stage) == [("ci", "failure"), (f"ci / {build.task.name}", "failure")]
    assert len(comments(stage)) == 1
    [states] = told(stage)
    assert states.count("failure") == 1
    assert states[-1] == "failure"


@pytest.fixture
async def token(stage: Stage) -> None:
    stage.github.add_token("ghp_secret", repositories=[REPOSITORY], permissions={"statuses": "write"})
    await stage.bed.apply(objects.github_token_secret(NAMESPACE, "github-token", "ghp_secret"))
    grants = [objects.grant("*", targets=["acme/*"])]
    provider = objects.github_token(
        NAMESPACE, "github", secret="github-token", endpoint=stage.github.url, grants=grants
    )
    await stage.bed.apply(provider)


@pytest.mark.usefixtures("token")
async def test_the_late_end_of_an_older_run_does_not_replace_a_newer_run_s_status_also_after_a_restart(
    stage: Stage, namespace: str
) -> None:
    async with stage.controller():
        old = await Build.started(stage, namespace, name="old")
        await later_second(stage, old.run.path)
        new = await Build.started(stage, namespace, name="new")
        await new.ends(well=True)
        await new.reported()
    async with stage.controller():
        await old.ends()
        record = await old.reported()
    assert stage.github.statuses(REPOSITORY, SHA)[-1].state == "success"
    assert "a newer run shows in its place" in condition(record)["message"]
