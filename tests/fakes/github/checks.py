"""Check runs: made and changed by Apps only, read by all who see the commit.

https://docs.github.com/en/rest/checks/runs
"""

from typing import Any

from tests.fakes.github.call import Answer, ApiError, not_found
from tests.fakes.github.check_rules import apply, checked
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import App, CheckRun, Commit, Repository, Write
from tests.fakes.github.paging import page
from tests.fakes.github.render import check_run_json
from tests.fakes.github.repositories import find_commit
from tests.fakes.github.routing import Context, route
from tests.fakes.github.world import FULL_SHA, loop_time

MOST_OF_A_NAME = 1000  # in one suite; then the oldest go
STALE_AFTER = 14 * 86_400
ANNOTATION_FIELDS = (
    "path",
    "start_line",
    "end_line",
    "start_column",
    "end_column",
    "annotation_level",
    "title",
    "message",
    "raw_details",
)


@route("POST", "/repos/{repo}/check-runs", "checks/runs#create-a-check-run")
def create_check_run(context: Context) -> Answer:
    repository, app = _to_write(context)
    body = checked(context.call.body, creating=True)
    sha = body["head_sha"]
    if not FULL_SHA.match(sha):
        raise ApiError(422, f"No commit found for SHA: {sha}")
    commit = context.world.commit(repository, sha)
    run = CheckRun(
        id=context.world.next_run_id(),
        repository=repository,
        suite_id=context.world.suite(repository, sha, app.id),
        app_id=app.id,
        name=body["name"],
        head_sha=sha,
        created=context.call.time,
        started_at=timestamp(context.call.time),
    )
    apply(run, body, context.call.time)
    _remember(context, run, body)
    commit.runs.append(run)
    context.world.check_runs[run.id] = run
    _drop_oldest(context, commit, run)
    return Answer(status=201, body=check_run_json(context.call, run, app))


@route("PATCH", "/repos/{repo}/check-runs/{check_run_id}", "checks/runs#update-a-check-run")
def update_check_run(context: Context) -> Answer:
    repository, app = _to_write(context)
    run = _run(context, repository)
    if run.app_id != app.id:
        only = "check run can only be modified by the GitHub App that created it."
        raise ApiError(403, f"Invalid app_id `{run.app_id}` - {only}")
    body = checked(context.call.body, creating=False)
    apply(run, body, context.call.time)
    _remember(context, run, body)
    return Answer(status=200, body=check_run_json(context.call, run, app))


@route("GET", "/repos/{repo}/check-runs/{check_run_id}", "checks/runs#get-a-check-run")
def get_check_run(context: Context) -> Answer:
    run = _run(context, context.repository("checks", "read"))
    return Answer(status=200, body=check_run_json(context.call, run, context.world.apps[run.app_id]))


@route("GET", "/repos/{repo}/check-runs/{check_run_id}/annotations", "checks/runs#list-check-run-annotations")
def list_annotations(context: Context) -> Answer:
    repository = context.repository("checks", "read")
    found, headers = page(context.call, repository, _run(context, repository).output.annotations)
    body = [{name: each.get(name) for name in ANNOTATION_FIELDS} for each in found]
    return Answer(status=200, body=body, headers=headers)


@route("GET", "/repos/{repo}/commits/{ref}/check-runs", "checks/runs#list-check-runs-for-a-git-reference")
def list_check_runs(context: Context) -> Answer:
    repository = context.repository("checks", "read")
    commit = find_commit(context, repository)
    _make_stale(commit, context.call.time)
    runs = _selected(context, _seen(context, commit))
    found, headers = page(context.call, repository, runs)
    apps = context.world.apps
    body = {
        "total_count": len(runs),
        "check_runs": [check_run_json(context.call, each, apps[each.app_id]) for each in found],
    }
    return Answer(status=200, body=body, headers=headers)


def _to_write(context: Context) -> tuple[Repository, App]:
    token = context.identity.token
    personal = token is not None and token.installation is None
    if token is not None and personal and not token.text.startswith("github_pat_"):
        context.repository("metadata", "read")  # an unseen repository stays unknown
        raise ApiError(403, "You must authenticate via a GitHub App.")
    if personal:  # https://github.com/github/rest-api-description/issues/4290
        context.repository("metadata", "read")
        raise ApiError(403, "Resource not accessible by personal access token")
    repository = context.repository("checks", "write")
    assert token is not None
    assert token.installation is not None
    return repository, token.installation.app


def _run(context: Context, repository: Repository) -> CheckRun:
    number = context.call.parts["check_run_id"]
    run = context.world.check_runs.get(int(number)) if number.isdecimal() else None
    if run is None or run.repository is not repository:
        raise not_found()
    return run


def _remember(context: Context, run: CheckRun, body: dict[str, Any]) -> None:
    call = context.call
    write = Write(time=call.time, loop_time=loop_time(), method=call.method, body=body, after=run.snapshot())
    run.history.append(write)
    call.written = run


def _drop_oldest(context: Context, commit: Commit, run: CheckRun) -> None:
    same = [each for each in commit.runs if (each.suite_id, each.name) == (run.suite_id, run.name)]
    for old in same[:-MOST_OF_A_NAME]:
        commit.runs.remove(old)
        del context.world.check_runs[old.id]


def _seen(context: Context, commit: Commit) -> list[CheckRun]:
    """Newest first, as they were `lag` seconds ago."""
    if not context.call.lag:
        return commit.runs[::-1]
    horizon = loop_time() - context.call.lag
    then = (run.as_seen_at(horizon) for run in reversed(commit.runs))
    return [run for run in then if run is not None]


def _selected(context: Context, newest_first: list[CheckRun]) -> list[CheckRun]:
    query = context.call.query
    runs = newest_first
    if "app_id" in query:
        runs = [run for run in runs if str(run.app_id) == query["app_id"]]
    if "check_name" in query:
        runs = [run for run in runs if run.name == query["check_name"]]
    if query.get("filter", "latest") != "all":  # the newest of a name in its suite; it hides older twins
        newest: dict[tuple[int, str], CheckRun] = {}
        for run in runs:
            newest.setdefault((run.suite_id, run.name), run)
        runs = list(newest.values())
    if "status" in query:
        runs = [run for run in runs if run.status == query["status"]]
    return runs


def _make_stale(commit: Commit, now: float) -> None:
    """GitHub itself concludes what nobody finished: https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks"""
    for run in commit.runs:
        if run.status != "completed" and now - run.created > STALE_AFTER:
            run.status, run.conclusion = "completed", "stale"
            run.completed_at = timestamp(now)
