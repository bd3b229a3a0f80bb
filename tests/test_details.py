"""Links to a page about the run: only where the Provider says, whatever the run is called."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tekton_integrations.details import DAY, LIMIT, Pages, PagesError, details_url, pages
from tekton_integrations.links import Key, Scope, opened
from tekton_integrations.provider import Provider
from tests.calm import calmly
from tests.runs import make_run

DASHBOARD = "https://dashboard.example.com/#/namespaces/$(namespace)/$(plural)/$(name)"


OURS = Pages(address="https://runs.example.com")


def link(template: str, ours: Pages | None = None, **run: Any) -> str:
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
    return details_url(provider, make_run(**run), ours)


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


def test_where_the_provider_says_nothing_our_own_page_is_linked() -> None:
    assert link("", OURS) == "https://runs.example.com/runs/team-a/build-1"
    assert link("", OURS, kind="TaskRun") == "https://runs.example.com/runs/team-a/build-1?kind=TaskRun"
    assert link("https://x/$(name)", OURS) == "https://x/build-1"


def test_a_provider_whose_template_is_no_use_does_not_fall_back_to_ours() -> None:
    """Its administrator wants readers somewhere else."""
    assert link("ftp://x/", OURS) == ""


def test_with_a_key_the_link_carries_the_permission_for_this_run_until_some_days_after_its_end() -> None:
    key = Key("2026-11", b"k" * 32)
    ours = Pages(address="https://runs.example.com", key=key, scope=Scope.LOGS, lifetime=2 * DAY)
    url = link("", ours, created=1000.0, started=1001.0, finished=5000.0, name="r" * 253)
    said = opened({key.id: key}, url.removeprefix("https://runs.example.com/l/"), 5000.0)
    assert (said.namespace, said.name, said.uid, said.kind) == ("team-a", "r" * 253, "uid-1", "PipelineRun")
    assert (said.scope, said.expires) == (Scope.LOGS, int(5000 + 2 * DAY))
    assert len(url) < LIMIT
    assert link("", ours, finished=5000.0) == link("", ours, finished=5000.0)


@pytest.mark.parametrize("address", ["http://localhost:8080", "https://runs.example.com/", "https://[::1]:8443"])
def test_an_address_is_scheme_and_host(address: str) -> None:
    made = pages(address, None, "status", DAY)
    assert made is not None
    assert made.address == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    ["runs.example.com", "https://x/tekton", "ftp://x", "https://u:p@x", "https://x?a", "javascript:1", "https://"],
)
def test_another_address_is_refused_with_an_example(address: str) -> None:
    with pytest.raises(PagesError, match=r"such as https://runs\.example\.com, and no path"):
        pages(address, None, "status", DAY)


def test_flags_that_do_not_go_together_say_so(tmp_path: Path) -> None:
    assert pages("", None, "status", DAY) is None
    (key := tmp_path / "2026-11").write_text("short")
    with pytest.raises(PagesError, match="--page-address"):
        pages("", key, "status", DAY)
    with pytest.raises(PagesError, match=r"--link-key: .* is too short"):
        pages("https://x", key, "status", DAY)
    with pytest.raises(PagesError, match="--link-scope all: give one of status, logs"):
        pages("https://x", None, "all", DAY)
