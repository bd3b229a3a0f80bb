"""Links to a page about the run: only where the Provider says, whatever the run is called."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tekton_integrations.details import LIMIT, details_url
from tekton_integrations.provider import Provider
from tests.calm import calmly
from tests.runs import make_run

DASHBOARD = "https://dashboard.example.com/#/namespaces/$(namespace)/$(plural)/$(name)"


def link(template: str, **run: Any) -> str:
    provider = Provider(
        namespace="team-a",
        name="app",
        uid="u",
        resource_version="1",
        generation=1,
        type="GitHubApp",
        endpoint="",
        grants=(),
        spec={},
        details_url=template,
    )
    return details_url(provider, make_run(**run))


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("PipelineRun", "https://dashboard.example.com/#/namespaces/team-a/pipelineruns/build-1"),
        ("TaskRun", "https://dashboard.example.com/#/namespaces/team-a/taskruns/build-1"),
        ("CustomRun", "https://dashboard.example.com/#/namespaces/team-a/customruns/build-1"),
    ],
)
def test_each_kind_of_run_has_its_page_in_tektons_dashboard(kind: str, url: str) -> None:
    assert link(DASHBOARD, kind=kind) == url


def test_all_variables_have_a_value() -> None:
    template = "http://x/$(namespace)/$(name)/$(kind)/$(plural)/$(uid)/$(pipeline)"
    assert link(template) == "http://x/team-a/build-1/PipelineRun/pipelineruns/uid-1/build"
    assert link("https://x/?p=$(pipeline)", pipeline="") == "https://x/?p="


@pytest.mark.parametrize(
    "template",
    [
        "",
        "dashboard.example.com/$(name)",
        "javascript:alert(1)//$(name)",
        "ftp://x/",
        "https://$(name).example.com/",
        "https://user:password@x/",
        "https:///x",
        "https://x\\@y/",
        "https://x/a b",
        "https://x/\n",
        "https://x/$(params.who)",
        "https://x/" + "x" * LIMIT,
    ],
)
def test_what_is_no_usable_template_gives_no_link_and_no_failure(template: str) -> None:
    assert link(template) == ""


def test_a_link_that_would_be_too_long_is_left_out() -> None:
    assert link("https://x/" + "$(name)" * 100, name="x" * 253) == ""


@calmly
@given(st.text())
def test_no_value_leads_elsewhere(text: str) -> None:
    text = text.encode(errors="replace").decode()
    url = URL(link("https://x/a/$(pipeline)/b?c=$(pipeline)#$(pipeline)", pipeline=text[:80]), encoded=True)
    assert (str(url.origin()), list(url.query)) == ("https://x", ["c"])
    assert url.raw_path.count("/") == 3
    assert str(url).isascii()
    assert str(url).isprintable()
