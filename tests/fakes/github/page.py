"""The web pages: what a person would see at GitHub. No scripts; everything from outside is escaped."""

import re
from html import escape
from pathlib import Path

from tests.fakes.github.call import Answer, ApiError, Call, not_found
from tests.fakes.github.entities import CheckRun, Commit, Repository, Status
from tests.fakes.github.page_check import check, status_line
from tests.fakes.github.page_parts import icon, sentence, state_of, verdict
from tests.fakes.github.statuses import latest
from tests.fakes.github.world import World

STYLE = Path(__file__).with_name("style.css")
HTML = "text/html; charset=utf-8"
# Even markup that slipped through could not run, load or send anything.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PATHS = re.compile(
    r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)"
    r"(?:/commit/(?P<sha>[0-9a-f]{7,40})(?:/checks)?|/runs/(?P<run>\d+))?/?",
    re.ASCII,
)


def answer(world: World, call: Call) -> Answer:
    if call.path == "/style.css":
        return Answer(status=200, body=STYLE.read_bytes(), content_type="text/css; charset=utf-8")
    try:
        title, body, refresh = _page(world, call)
    except ApiError:
        title, body, refresh = "Not found", "<h1>404</h1><p>This is not the page you are looking for.</p>", False
    status = 404 if title == "Not found" else 200
    html = _document(title, body, refresh)
    return Answer(status=status, body=html, headers={"Content-Security-Policy": POLICY}, content_type=HTML)


def _document(title: str, body: str, refresh: bool) -> str:
    again = '<meta http-equiv="refresh" content="4">' if refresh else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css">{again}</head>'
        f"<body>{body}<footer>A look-alike of GitHub, on your own machine. Nothing here is public.</footer>"
        "</body></html>"
    )


def _page(world: World, call: Call) -> tuple[str, str, bool]:
    """(title, body, whether it should reload by itself)"""
    if call.path == "/":
        return "Repositories", _repositories(world), False
    found = PATHS.fullmatch(call.path)
    repository = world.find(f"{found['owner']}/{found['name']}") if found else None
    if found is None or repository is None:
        raise not_found()
    if found["run"]:
        run = world.check_runs.get(int(found["run"]))
        if run is None or run.repository is not repository:
            raise not_found()
        return _commit_page(world, repository, repository.commits[run.head_sha], run)
    if found["sha"]:
        commit = next((each for sha, each in repository.commits.items() if sha.startswith(found["sha"])), None)
        if commit is None:
            raise not_found()
        chosen = call.query.get("check_run_id", "")
        run = next((run for run in commit.runs if str(run.id) == chosen), None)
        return _commit_page(world, repository, commit, run)
    return repository.full_name, _repository(repository), False


def _repositories(world: World) -> str:
    rows = "".join(
        f'<li><a href="/{escape(each.full_name)}">{escape(each.full_name)}</a>'
        f'<span class="pill">{"Private" if each.private else "Public"}</span></li>'
        for each in world.repositories.values()
    )
    return f'<header class="top"><b>Repositories</b></header><main class="narrow"><ul class="box">{rows}</ul></main>'


def _top(repository: Repository, commit: Commit | None = None) -> str:
    name = escape(repository.full_name)
    crumbs = f'<a href="/">GitHub look-alike</a> / <a href="/{name}"><b>{name}</b></a>'
    if commit:
        crumbs += f' / <a href="/{name}/commit/{commit.sha}/checks"><code>{commit.sha[:7]}</code></a>'
    return f'<header class="top">{crumbs}</header>'


def _repository(repository: Repository) -> str:
    rows = []
    for commit in reversed(repository.commits.values()):
        state, headline, counts = verdict([state_of(each) for each in _current(commit)])
        rows.append(
            f'<li>{icon(state)}<div><a href="/{escape(repository.full_name)}/commit/{commit.sha}/checks">'
            f"{escape(commit.message)}</a><small>{escape(headline)} — {escape(counts)}</small></div>"
            f"<code>{commit.sha[:7]}</code></li>"
        )
    listing = "".join(rows) or "<li>No commits yet.</li>"
    return f'{_top(repository)}<main class="narrow"><h1>Commits</h1><ul class="box">{listing}</ul></main>'


def _commit_page(
    world: World, repository: Repository, commit: Commit, chosen: CheckRun | None
) -> tuple[str, str, bool]:
    runs, statuses = _newest_runs(commit), latest(commit.statuses[::-1])
    older = [run for run in reversed(commit.runs) if run not in runs]
    shown = chosen or _most_telling(runs)
    state, headline, counts = verdict([state_of(each) for each in _current(commit)])
    busy = state == "in_progress" or any(state_of(run) in ("queued", "in_progress") for run in runs)
    apps = {app_id: [run for run in runs if run.app_id == app_id] for app_id in {run.app_id for run in runs}}
    groups = "".join(_group(world.apps[app_id].name, made, shown) for app_id, made in sorted(apps.items()))
    body = (
        f'{_top(repository, commit)}<section class="verdict">{icon(state)}<div><h1>{escape(commit.message)}</h1>'
        f"<p><b>{escape(headline)}</b> — {escape(counts)}</p></div></section>"
        f'<main class="checks"><nav aria-label="Checks">{groups}'
        f"{_statuses(statuses)}{_group('Superseded', older, shown)}</nav>"
        f"<article>{check(shown) if shown else _nothing(statuses)}</article></main>"
    )
    return f"{headline} · {commit.sha[:7]} · {repository.full_name}", body, busy


def _current(commit: Commit) -> list[CheckRun | Status]:
    return [*_newest_runs(commit), *latest(commit.statuses[::-1])]


def _newest_runs(commit: Commit) -> list[CheckRun]:
    newest = {(run.suite_id, run.name): run for run in commit.runs}
    return sorted(newest.values(), key=lambda run: run.name.lower())


def _most_telling(runs: list[CheckRun]) -> CheckRun | None:
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
    if not statuses:
        return ""
    rows = "".join(f"<li>{status_line(each)}</li>" for each in statuses)
    return f'<h2>Statuses <span class="pill">{len(statuses)}</span></h2><ul>{rows}</ul>'


def _nothing(statuses: list[Status]) -> str:
    hint = "Only commit statuses were reported." if statuses else "No check has been reported on this commit yet."
    return f'<p class="empty">{hint}</p>'
