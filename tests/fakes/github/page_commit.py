"""The page of a commit: its checks at the left, one of them at the right."""

from html import escape

from tests.fakes.github.entities import CheckRun, Commit, Repository, Status
from tests.fakes.github.page_check import check, status_line
from tests.fakes.github.page_parts import icon, sentence, state_of, top, verdict
from tests.fakes.github.page_pull import deployment_line
from tests.fakes.github.statuses import latest
from tests.fakes.github.world import World


def commit_page(world: World, repository: Repository, commit: Commit, chosen: CheckRun | None) -> tuple[str, str, bool]:
    """(title, body, whether it should reload by itself)"""
    runs, statuses = newest_runs(commit), latest(commit.statuses[::-1])
    older = [run for run in reversed(commit.runs) if run not in runs]
    shown = chosen or most_telling(runs)
    state, headline, counts = verdict([state_of(each) for each in current(commit)])
    busy = state == "in_progress" or any(state_of(run) in ("queued", "in_progress") for run in runs)
    apps = {app_id: [run for run in runs if run.app_id == app_id] for app_id in {run.app_id for run in runs}}
    groups = "".join(_group(world.apps[app_id].name, made, shown) for app_id, made in sorted(apps.items()))
    body = (
        f'{top(repository, commit)}<section class="verdict">{icon(state)}<div><h1>{escape(commit.message)}</h1>'
        f"<p><b>{escape(headline)}</b> — {escape(counts)}</p>{_pulls(repository, commit)}</div></section>"
        f'<main class="checks"><nav aria-label="Checks">{groups}{_statuses(statuses)}'
        f"{_deployments(repository, commit)}{_group('Superseded', older, shown)}</nav>"
        f"<article>{check(world, shown) if shown else _nothing(statuses)}</article></main>"
    )
    return f"{headline} · {commit.sha[:7]} · {repository.full_name}", body, busy


def current(commit: Commit) -> list[CheckRun | Status]:
    """What counts: the newest check run of each name and the newest status of each context."""
    return [*newest_runs(commit), *latest(commit.statuses[::-1])]


def newest_runs(commit: Commit) -> list[CheckRun]:
    newest = {(run.suite_id, run.name): run for run in commit.runs}
    return sorted(newest.values(), key=lambda run: run.name.lower())


def most_telling(runs: list[CheckRun]) -> CheckRun | None:
    order = {"failure": 0, "timed_out": 0, "action_required": 1}
    return min(runs, key=lambda run: order.get(state_of(run), 2), default=None)


def _group(title: str, runs: list[CheckRun], shown: CheckRun | None) -> str:
    if not runs:
        return ""
    rows = "".join(_entry(run, run is shown) for run in runs)
    return f'<h2>{escape(title)} <span class="pill">{len(runs)}</span></h2><ul>{rows}</ul>'


def _entry(run: CheckRun, current: bool) -> str:
    url = f"/{run.repository.full_name}/commit/{run.head_sha}/checks?check_run_id={run.id}"
    marked = ' aria-current="true"' if current else ""
    note = f"{sentence(run)} — {run.output.title}" if run.output.title else sentence(run)
    return (
        f'<li><a href="{escape(url)}"{marked}>{icon(state_of(run))}<div><b>{escape(run.name)}</b>'
        f"<small>{escape(note)}</small></div></a></li>"
    )


def _statuses(statuses: list[Status]) -> str:
    return _lines("Statuses", [status_line(each) for each in statuses])


def _deployments(repository: Repository, commit: Commit) -> str:
    mine = [each for each in reversed(repository.deployments) if each.sha == commit.sha]
    return _lines("Deployments", [deployment_line(each) for each in mine])


def _lines(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    rows = "".join(f"<li>{line}</li>" for line in lines)
    return f'<h2>{title} <span class="pill">{len(lines)}</span></h2><ul>{rows}</ul>'


def _pulls(repository: Repository, commit: Commit) -> str:
    links = [
        f'<a href="/{escape(repository.full_name)}/pull/{pull.number}">#{pull.number}</a>'
        for pull in repository.pulls.values()
        if pull.head_sha == commit.sha
    ]
    return f"<p>Pull request {', '.join(links)}</p>" if links else ""


def _nothing(statuses: list[Status]) -> str:
    hint = "Only commit statuses were reported." if statuses else "No check has been reported on this commit yet."
    return f'<p class="empty">{hint}</p>'
