"""The web pages: what a person would see at GitHub. No scripts; everything from outside is escaped."""

import re
from html import escape
from pathlib import Path

from tests.fakes.github.call import Answer, ApiError, Call, not_found
from tests.fakes.github.entities import Repository
from tests.fakes.github.page_commit import commit_page, current
from tests.fakes.github.page_parts import icon, state_of, top, verdict
from tests.fakes.github.page_pull import pull_page
from tests.fakes.github.world import World

STYLE = Path(__file__).with_name("style.css")
HTML = "text/html; charset=utf-8"
# Even markup that slipped through could not run, load or send anything.
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PATHS = re.compile(
    r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+)"
    r"(?:/commit/(?P<sha>[0-9a-f]{7,40})(?:/checks)?|/runs/(?P<run>\d+)|/pull/(?P<pull>\d+))?/?",
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
        return commit_page(world, repository, repository.commits[run.head_sha], run)
    if found["sha"]:
        commit = next((each for sha, each in repository.commits.items() if sha.startswith(found["sha"])), None)
        if commit is None:
            raise not_found()
        chosen = call.query.get("check_run_id", "")
        run = next((run for run in commit.runs if str(run.id) == chosen), None)
        return commit_page(world, repository, commit, run)
    if found["pull"]:
        return _pull(repository, int(found["pull"]))
    return repository.full_name, _repository(repository), False


def _repositories(world: World) -> str:
    rows = "".join(
        f'<li><a href="/{escape(each.full_name)}">{escape(each.full_name)}</a>'
        f'<span class="pill">{"Private" if each.private else "Public"}</span></li>'
        for each in world.repositories.values()
    )
    return f'<header class="top"><b>Repositories</b></header><main class="narrow"><ul class="box">{rows}</ul></main>'


def _pull(repository: Repository, number: int) -> tuple[str, str, bool]:
    pull = repository.pulls.get(number)
    if pull is None:
        raise not_found()
    commit = repository.commits[pull.head_sha]
    reports = current(commit)
    busy = verdict([state_of(each) for each in reports])[0] == "in_progress"
    title = f"{pull.title} · #{number} · {repository.full_name}"
    return title, f"{top(repository, commit)}{pull_page(pull, reports)}", busy


def _repository(repository: Repository) -> str:
    rows = []
    for commit in reversed(repository.commits.values()):
        state, headline, counts = verdict([state_of(each) for each in current(commit)])
        rows.append(
            f'<li>{icon(state)}<div><a href="/{escape(repository.full_name)}/commit/{commit.sha}/checks">'
            f"{escape(commit.message)}</a><small>{escape(headline)} — {escape(counts)}</small></div>"
            f"<code>{commit.sha[:7]}</code></li>"
        )
    listing = "".join(rows) or "<li>No commits yet.</li>"
    return f'{top(repository)}<main class="narrow"><h1>Commits</h1><ul class="box">{listing}</ul></main>'
