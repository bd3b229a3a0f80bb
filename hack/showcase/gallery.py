"""One page with every scene as GitHub would show it: no script, nothing loaded from elsewhere, light and dark.

Only what a replay does not change gets on it (no ids, no clock), so that it changes when the product does.
"""

import re
from html import escape
from pathlib import Path

from tests.fakes.github import CheckRun, GitHub
from tests.fakes.github import page as pages
from tests.fakes.github.entities import Commit, Repository
from tests.fakes.github.markdown_inline import inline
from tests.fakes.github.page_check import check, status_line
from tests.fakes.github.page_commit import current, newest_runs
from tests.fakes.github.page_parts import icon, state_of
from tests.fakes.github.page_pull import conversation, merge_box
from tests.fakes.github.statuses import latest

from .scenes import PREFIX, REPOSITORY, SCENES, Scene

STYLE = Path(__file__).with_name("style.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
TITLE = "What GitHub shows of a Tekton run"
ELSEWHERE = "https://github.example.com"
# Links of the look-alike, absolute or not, that lead to a page of the repository.
_LINK = re.compile(rf'href="[^"]*/{REPOSITORY}/[^"]*"')
_IDS = re.compile(r' id="issuecomment-\d+"')
INTRO = (
    "Each part below is one recorded run of a real Tekton, played on a real kube-apiserver through the controller "
    "as it is, and shown by the tests' look-alike of GitHub. Each run has the annotations `owner`, `repo` and `sha`; "
    f"further ones are named with it. All of them begin with `{PREFIX}`. `make showcase` makes this page."
)


def gallery(github: GitHub) -> str:
    """The whole page."""
    repository = github.world.named(REPOSITORY)
    sections = [_section(github, repository, scene) for scene in SCENES]
    entries = "".join(_entry(repository.commits[scene.sha], scene) for scene in SCENES)
    body = (
        f'<header class="top"><b>{TITLE}</b></header><main class="gallery"><p>{inline(INTRO)}</p>'
        f'<ul class="box">{entries}</ul>{"".join(sections)}</main>'
    )
    return _document(_IDS.sub("", body.replace(github.url, ELSEWHERE)))


def _document(body: str) -> str:
    style = pages.STYLE.read_text() + STYLE.read_text()
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{TITLE}</title>\n<style>\n{style}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _entry(commit: Commit, scene: Scene) -> str:
    own = _main_run(commit) or commit.statuses[-1]
    title = own.output.title if isinstance(own, CheckRun) else own.description
    return (
        f'<li>{icon(state_of(own))}<div><a href="#{scene.name}">{escape(scene.heading)}</a>'
        f"<small>{escape(title or '')}</small></div></li>"
    )


def _section(github: GitHub, repository: Repository, scene: Scene) -> str:
    commit = repository.commits[scene.sha]
    own = _main_run(commit)
    shown = _frame("Check", check(github.world, own, facts=False)) if own else _statuses(commit)
    linked = _LINK.sub(f'href="#{scene.name}"', shown + _pull(repository, commit, scene))
    return (
        f'\n<section class="scene" id="{scene.name}"><h2>{escape(scene.heading)}</h2>{_about(scene)}{linked}</section>'
    )


def _main_run(commit: Commit) -> CheckRun | None:
    """The check of the run itself: those of its tasks have longer names."""
    return min(newest_runs(commit), key=lambda run: len(run.name), default=None)


def _about(scene: Scene) -> str:
    asked = ", ".join(f"<code>{escape(f'{key}: {value}')}</code>" for key, value in scene.annotations.items())
    note = f"<p>{inline(scene.note)}</p>" if scene.note else ""
    besides = f", annotated with {asked}" if asked else ""
    return f'{note}<p class="soft">Recording <code>{escape(Path(scene.recording).stem)}</code>{besides}.</p>'


def _frame(label: str, html: str) -> str:
    return f'<div class="frame"><p class="label">{label}</p><article>{html}</article></div>'


def _statuses(commit: Commit) -> str:
    return _frame("Commit statuses", "".join(status_line(each) for each in latest(commit.statuses[::-1])))


def _pull(repository: Repository, commit: Commit, scene: Scene) -> str:
    if not scene.pull:
        return ""
    pull = repository.pulls[scene.pull]
    talk = f'<div class="talk">{conversation(pull)}{merge_box(pull, current(commit))}</div>'
    return _frame(f"Pull request #{pull.number}", talk)
