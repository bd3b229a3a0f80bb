"""The parts of the demo: its verdict, its preview, its tables. `test_demo_process.py` runs the whole of it."""

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hack.demo import kubeconfig
from hack.demo.demo import Demo, Options
from hack.demo.preview import LABEL, Preview, preview
from hack.demo.preview_server import PreviewServer, wanted
from hack.demo.scenes import SCENES, verdict
from hack.demo.screen import Screen
from hack.demo.tables import rendered, table
from hack.testbed import TestBed

CheckRuns = list[dict[str, Any]]


def right() -> CheckRuns:
    """What the look-alike holds when all is well."""
    return [
        {
            "head_sha": scene.sha,
            "repository": "acme/api",
            "name": scene.check,
            "status": "completed",
            "conclusion": scene.conclusion,
            "output": {"title": f"{scene.title} and more"},
        }
        for scene in SCENES
    ]


def test_one_right_check_run_for_each_run_is_right() -> None:
    assert verdict(right()) == []


def test_each_run_has_a_commit_of_its_own() -> None:
    assert len({scene.sha for scene in SCENES}) == 4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conclusion": "success"}, "conclusion is 'success' instead of 'failure'"),
        ({"status": "in_progress", "conclusion": None}, "status is 'in_progress' instead of 'completed'"),
        ({"output": {"title": "Failed"}}, "title is 'Failed' instead of 'test failed"),
        ({"output": {"title": None}}, "title is ''"),
        ({"name": "Tekton / other"}, "name is 'Tekton / other'"),
        ({"repository": "acme/web"}, "repository is 'acme/web'"),
        ({"head_sha": "0" * 40}, "no check runs instead of one"),
    ],
)
def test_a_wrong_check_run_is_named(change: dict[str, Any], said: str) -> None:
    check_runs = right()
    check_runs[1] |= change
    problem = verdict(check_runs)[0]
    assert problem.startswith("failure: ")
    assert said in problem


def test_a_twin_is_wrong() -> None:
    assert verdict([*right(), right()[1]]) == ["failure: 2 check runs instead of one"]


def test_a_check_run_that_nobody_asked_for_is_wrong() -> None:
    stray = right()[0] | {"head_sha": "1" * 40}
    assert verdict([*right(), stray]) == [f"nobody asked for check run 'Tekton / success' on {'1' * 40}"]


@pytest.mark.parametrize(("problems", "code"), [([], 0), (verdict(right()[:3]), 1), (None, 130)])
def test_the_exit_code_follows_the_verdict(problems: list[str] | None, code: int) -> None:
    demo = Demo(Screen(), Options())
    demo.problems = problems
    assert demo.exit_code == code


# --- the preview


@pytest.fixture(scope="module")
def pages() -> Preview:
    return preview()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_the_preview_shows_what_the_recording_leads_to(pages: Preview, scene: Any) -> None:
    html = pages.page(f"{scene.name}.html")
    assert LABEL in html
    assert f"<h2>{scene.title}" in html
    assert scene.check in html


def test_a_cancelled_run_leaves_no_green_commit(pages: Preview) -> None:
    assert "Some checks were not successful" in pages.page("cancelled.html")


def test_the_written_preview_needs_no_server(pages: Preview, tmp_path: Path) -> None:
    pages.write(tmp_path)
    for page in tmp_path.glob("*.html"):
        targets = re.findall(r'(?:href|src)="([^"]*)"', page.read_text())
        assert "style.css" in targets
        assert all((tmp_path / target).is_file() for target in targets)


async def test_the_preview_stops_saying_that_nothing_has_run(pages: Preview) -> None:
    async with PreviewServer.started(pages) as server, aiohttp.ClientSession() as session:
        before = await _text(session, server.url)
        server.live = "http://127.0.0.1:1/acme/api"
        after = await _text(session, f"{server.url}failure.html")
        async with session.get(f"{server.url}../pyproject.toml") as elsewhere:
            assert elsewhere.status == 404
    assert LABEL in before
    assert LABEL not in after
    assert server.live in after


async def _text(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as response:
        assert response.status == 200
        return await response.text()


@pytest.mark.parametrize(
    ("environ", "terminal", "platform", "opens"),
    [
        ({"DISPLAY": ":0"}, True, "linux", True),
        ({}, True, "darwin", True),
        ({}, True, "linux", False),
        ({"DISPLAY": ":0"}, False, "linux", False),
        ({"DISPLAY": ":0", "CI": "true"}, True, "linux", False),
    ],
)
def test_a_browser_is_opened_only_before_a_person(
    environ: dict[str, str], terminal: bool, platform: str, opens: bool
) -> None:
    assert wanted(environ, terminal=terminal, platform=platform) is opens


# --- tables


async def test_a_table_is_the_one_that_kubectl_prints(bed: TestBed) -> None:
    """This one has no ages, which would differ by a second now and then."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert await table(bed.api, path, 1000) == (await bed.kubectl("get", "customresourcedefinitions")).rstrip()


def test_a_table_that_is_too_wide_loses_the_end_of_its_names() -> None:
    columns = [{"name": "Name"}, {"name": "Run"}, {"name": "URL", "priority": 1}]
    answer = {"columnDefinitions": columns, "rows": [{"cells": ["failure-github-982d3530", "failure", "http://x"]}]}
    assert rendered(answer, 80).splitlines()[1] == "failure-github-982d3530   failure"
    assert rendered(answer, 22).splitlines() == ["NAME           RUN", "failure-git…   failure"]


# --- the user's own cluster


def test_the_current_context_is_found_in_the_second_of_two_files(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(yaml.safe_dump({"clusters": [{"name": "far", "cluster": {"server": "https://far"}}]}))
    near = {"server": "https://near", "certificate-authority": "ca.crt"}
    second.write_text(
        yaml.safe_dump(
            {
                "current-context": "me",
                "clusters": [{"name": "near", "cluster": near}],
                "contexts": [{"name": "me", "context": {"cluster": "near", "user": "me"}}],
            }
        )
    )
    name, cluster = kubeconfig.current_context(f"{first}:{second}")
    assert name == "me"
    assert cluster == {"server": "https://near", "certificate-authority": str(tmp_path / "ca.crt")}
