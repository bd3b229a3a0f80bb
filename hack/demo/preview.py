"""Pages of what GitHub will show, made before anything runs: the recordings through the integration's own rendering.

Everything but the label on top is the product's (run → check run) and the look-alike's (check run → page).
"""

import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from tekton_integrations_github import output
from tekton_integrations_github.integration import GitHub as Integration

from hack.recording import Object, load
from tekton_integrations.kube.runs_json import decode_child, decode_run
from tekton_integrations.options import parse
from tekton_integrations.requests import asked
from tekton_integrations.run import Child, Run
from tests.fakes.github import page
from tests.fakes.github.call import Call
from tests.fakes.github.check_rules import apply, checked
from tests.fakes.github.clock import Clock
from tests.fakes.github.entities import CheckRun
from tests.fakes.github.world import World

from .scenes import REPOSITORY, SCENES, Scene

APP = 7
INDEX = "index.html"
LABEL = "Preview, rendered from recordings; nothing has run yet."
LIVE = "Preview, rendered from recordings. The demo itself runs now:"
HINT = "Each commit had one Tekton run: open it to see what its check says."
STYLE = """
.label { padding: 8px 32px; background: #fff8c5; color: #1f2328; border-bottom: 1px solid #d4a72c66; }
.label a { color: #0969da; text-decoration: underline; }
"""


@dataclass(frozen=True)
class Preview:
    """The pages by file name, as yet without a label."""

    pages: dict[str, str]
    style: str

    def page(self, name: str, *, live: str = "", reload: bool = False) -> str:
        """With its label; `live` is where the real thing can be seen. `reload`: looks again for that by itself."""
        link = f' <a href="{escape(live)}">{escape(live)}</a>' if live else ""
        hint = f" {HINT}" if name == INDEX and not live else ""
        label = f'<p class="label"><b>{LIVE if live else LABEL}</b>{link}{hint}</p>'
        html = self.pages[name].replace("<body>", f"<body>{label}", 1)
        again = '<meta http-equiv="refresh" content="2">' if reload and not live else ""
        return html.replace("</head>", f"{again}</head>", 1)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in self.pages:
            (folder / name).write_text(self.page(name), encoding="utf-8")
        (folder / "style.css").write_text(self.style, encoding="utf-8")


def preview() -> Preview:
    """index.html lists the commits; `<recording>.html` shows what is said of each."""
    world = World(Clock())
    world.add_app(APP, "no key: nobody calls", None, "Tekton Integrations")
    world.add_repository(REPOSITORY, private=True)
    for scene in SCENES:
        _show(world, scene)
    pages = {f"{scene.name}.html": _page(world, f"/{REPOSITORY}/commit/{scene.sha}/checks") for scene in SCENES}
    pages[INDEX] = _page(world, f"/{REPOSITORY}")
    return Preview(pages, page.STYLE.read_text() + STYLE)


def _page(world: World, path: str) -> str:
    html: str = page.answer(world, Call(number=0, method="GET", path=path)).body
    return re.sub(r'href="(/[^"]*)"', lambda found: f'href="{_file(found[1])}"', html)


def _file(path: str) -> str:
    """Where a link of the look-alike leads to among the files."""
    if path == "/style.css":
        return "style.css"
    return next((f"{scene.name}.html" for scene in SCENES if scene.sha in path), INDEX)


def _show(world: World, scene: Scene) -> None:
    """Puts the check run into the world that the integration would have GitHub make."""
    run, children = recorded(scene)
    repository = world.named(REPOSITORY)
    commit = world.add_commit(repository, scene.sha, scene.commit)
    integration = Integration()
    target = integration.target(run, parse(integration, asked(run)[integration.name]))
    shown = CheckRun(
        id=world.next_run_id(),
        repository=repository,
        suite_id=world.suite(repository, scene.sha, APP),
        app_id=APP,
        name=target.name,
        head_sha=scene.sha,
    )
    apply(shown, checked(output.check_run(run, children), creating=False), world.clock.now())
    commit.runs.append(shown)
    world.check_runs[shown.id] = shown


def recorded(scene: Scene) -> tuple[Run, list[Child]]:
    """The run and its TaskRuns as they were in the end."""
    latest: dict[str, Object] = {}
    for step in load(scene.name):
        if step.type != "DELETED":
            latest[step.uid] = step.object
    run, *others = latest.values()
    tasks = [decode_child(_raw(each)) for each in others if each["kind"] == "TaskRun"]
    children = [child for parent, child in tasks if parent == run["metadata"]["uid"]]
    return decode_run(_raw(run)), sorted(children, key=lambda child: (child.started or 0.0, child.name))


def _raw(found: dict[str, Any]) -> bytes:
    return json.dumps(found).encode()
