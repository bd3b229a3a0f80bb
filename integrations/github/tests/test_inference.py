"""What is inferred fits together, and never wins over the run; whose runs are somebody else's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tekton_integrations_github.inference import INFERABLE, asks, infer, refuse_if_reported, refuse_other_host
from tekton_integrations_github.options import GitHubOptions
from tekton_integrations_github.places import valid

from integrations.github.tests.leavings import BY_PAC, HERE, LEGACY, OTHER, PAC, SHA, URL, found, source
from tekton_integrations import PermanentError
from tests.calm import calmly
from tests.runs import make_run


def test_a_commit_without_a_repository_counts_only_where_the_run_says_which_one() -> None:
    params = {"revision": SHA}
    assert found(params=params) == {}
    assert found(params=params, given={"owner": "acme"}) == {}
    assert found(params=params, given={"owner": "acme", "repo": "ops"}) == {"sha": SHA}


@pytest.mark.parametrize("given", [{"repo": "ops"}, {"owner": "other"}, {"host": "github.example.com"}])
def test_a_commit_of_another_repository_is_not_taken(given: dict[str, str]) -> None:
    params = {"repo-url": URL, "revision": SHA, "pull-request-number": "12"}
    assert found(params=params, given=given | {"comment": "always"}) == {}


def test_what_the_run_says_itself_is_left_to_it() -> None:
    params = {"repo-url": URL, "revision": SHA}
    assert found(params=params, given={"owner": "ACME"}) == {"host": "github.com", "repo": "api", "sha": SHA}
    assert found(params=params, given={"sha": OTHER}) == HERE


def test_a_run_that_says_it_all_is_not_looked_at() -> None:
    said = {"owner": "acme", "repo": "api", "sha": SHA}
    params = {"repo-url": "https://mirror.example.com/acme/api", "revision": SHA, "pr-number": "12"}
    assert found(params=params, given=said) == {}
    assert found(params=params, given=said | {"comment": "always"})["pull-request"] == "12"


@pytest.mark.parametrize(
    "changes",
    [
        {"annotations": {}},
        {"annotations": {"tekton.dev/git-status": "false"}},
        {"annotations": {"tekton.dev/status-context": "demo"}},
        {"annotations": LEGACY, "kind": "TaskRun"},
        {"annotations": LEGACY, "labels": {"app.kubernetes.io/managed-by": PAC}},
        {"annotations": LEGACY | {f"{PAC}/state": "started"}},
        {"params": {"repo-url": URL, "revision": SHA}},
        {"annotations": BY_PAC},
    ],
)
def test_nothing_else_asks(changes: dict[str, Any]) -> None:
    assert not asks(source(**{"given": {}} | changes))


def test_commit_status_tracker_s_word_goes_first_and_the_rest_only_adds_to_it() -> None:
    annotations = LEGACY | {"tekton.dev/git-repo": URL, "tekton.dev/git-revision": SHA}
    same = {"repo-url": URL, "revision": OTHER, "pr-number": "12"}
    assert found(annotations=annotations, params=same) == HERE | {"sha": SHA, "pull-request": "12"}
    other = same | {"repo-url": "https://github.com/acme/other"}
    assert found(annotations=annotations, params=other) == HERE | {"sha": SHA}


def test_messages_say_where_each_was_looked_for() -> None:
    assert {"owner", "repo", "sha", "name", "pull-request"} == INFERABLE.keys()
    assert "git-revision" in INFERABLE["sha"]


def options(**changes: Any) -> GitHubOptions:
    return GitHubOptions(owner="acme", repo="api", sha=SHA, **changes)


def test_a_run_that_pipelines_as_code_reports_is_left_to_it_unless_somebody_wants_both() -> None:
    run = make_run(pipelines_as_code=True)
    with pytest.raises(PermanentError, match=r"dev/beside-pipelines-as-code: \"true\", else remove") as caught:
        refuse_if_reported(run, options())
    assert caught.value.reason == "ReportedElsewhere"
    refuse_if_reported(run, options(beside_pipelines_as_code=True))
    refuse_if_reported(make_run(), options())


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("", "https://api.github.com"),
        ("github.com", "https://api.github.com"),
        ("GitHub.com", "https://api.github.com"),
        ("github.example.com", "https://github.example.com/api/v3"),
        ("127.0.0.1", "http://127.0.0.1:4711"),
    ],
)
def test_a_repository_of_the_provider_s_host_is_let_pass(host: str, endpoint: str) -> None:
    refuse_other_host(options(host=host), endpoint)


@pytest.mark.parametrize("host", ["github.example.com", "evil.example", "api.github.com", "gist.github.com"])
def test_a_repository_of_another_host_is_refused_with_both(host: str) -> None:
    with pytest.raises(
        PermanentError, match=f"is on {host}, and the Provider is for github.com; name another"
    ) as caught:
        refuse_other_host(options(host=host), "https://api.github.com")
    assert caught.value.reason == "OtherHost"


words = st.sampled_from(
    ["acme", "api", "ops", SHA, OTHER, "main", "12", "none", "", "true", "push", "github", "..", "a\nb"]
)
addresses = st.sampled_from(
    [URL, "git@github.com:acme/ops.git", "https://evil.example/acme/api", "https://github.com/-/-"]
)
values = words | addresses | st.text(max_size=10)
keys = st.sampled_from(
    [f"{PAC}/{key}" for key in ("repo-url", "sha", "pull-request", "event-type", "git-provider", "state")]
    + [f"tekton.dev/{key}" for key in ("git-status", "status-context", "git-repo", "git-revision")]
)
params = st.sampled_from(["url", "repo-url", "GIT_URL", "revision", "sha", "commit", "pr-number", "pullRequest", "x"])
given_keys = st.sampled_from(["owner", "repo", "sha", "name", "context", "comment", "host", "pull-request"])


@calmly
@given(
    labels=st.dictionaries(keys, values, max_size=5),
    annotations=st.dictionaries(keys, values, max_size=5),
    params=st.dictionaries(params, values, max_size=5),
    given=st.dictionaries(given_keys, values, max_size=3),
)
def test_whatever_stands_on_a_run_only_what_options_take_is_found_and_nothing_is_mixed(**parts: dict[str, str]) -> None:
    result = infer(source(**parts))
    assert result.keys() <= {"host", "owner", "repo", "sha", "pull-request", "name"} - parts["given"].keys()
    assert all(valid(option, each.value) for option, each in result.items())
    said = [*parts["labels"].values(), *parts["annotations"].values(), *parts["params"].values(), "default", "none"]
    for option, each in result.items():
        assert any(each.value in value or option == "host" for value in said)
    where = {each.source for option, each in result.items() if option in ("host", "owner", "repo")}
    assert len(where) <= 1
    if "sha" in result and "repo" not in result:
        known = {"repo"} if where else {"owner", "repo"}
        assert known <= parts["given"].keys()
