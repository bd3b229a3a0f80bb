"""Where owner, repository, commit, pull request and name are found, and in which spellings."""

import pytest
from tekton_integrations_github.inference import asks

from integrations.github.tests.leavings import BY_PAC, HERE, LEGACY, OTHER, PAC, SHA, URL, found, source, sources


def test_triggers_parameters_tell_repository_and_commit() -> None:
    params = {"git-repo-url": URL, "git-revision": SHA}
    assert found(params=params) == HERE | {"sha": SHA}
    assert sources(params=params) == dict.fromkeys(HERE, "parameter git-repo-url") | {"sha": "parameter git-revision"}


@pytest.mark.parametrize("url", ["url", "git-url", "repo-url", "repo_url", "gitRepoUrl", "gitrepositoryurl", "GIT_URL"])
@pytest.mark.parametrize(
    "revision", ["revision", "sha", "commit", "gitrevision", "git-revision", "GIT_COMMIT", "commitSha"]
)
def test_parameters_are_known_under_their_usual_names(url: str, revision: str) -> None:
    assert found(params={url: URL, revision: SHA}) == HERE | {"sha": SHA}


@pytest.mark.parametrize("name", ["source", "repo", "base-url", "url2", "image-url", "u" + "-" * 60 + "rl"])
def test_other_parameters_tell_nothing(name: str) -> None:
    assert found(params={name: URL, "revision": SHA}) == {}


@pytest.mark.parametrize("revision", ["main", "refs/heads/main", "v1.2.3", SHA[:7], SHA + "0", "", "HEAD", SHA + "\n"])
def test_a_branch_is_no_commit(revision: str) -> None:
    assert found(params={"repo-url": URL, "revision": revision}) == HERE


def test_a_full_sha_beside_a_branch_is_the_commit() -> None:
    assert found(params={"repo-url": URL, "revision": "main", "git-sha": SHA})["sha"] == SHA


def test_two_commits_are_none() -> None:
    assert found(params={"repo-url": URL, "revision": SHA, "sha": OTHER}) == HERE
    assert found(params={"repo-url": URL, "revision": SHA, "sha": SHA.upper()})["sha"] in (SHA, SHA.upper())


@pytest.mark.parametrize(
    "second", ["https://github.com/acme/tools", "https://gitlab.com/acme/api", "not a url", "a/b/c"]
)
def test_two_repositories_are_none(second: str) -> None:
    assert found(params={"repo-url": URL, "url": second, "revision": SHA}) == {}


QUEUE = f"refs/heads/gh-readonly-queue/main/pr-12-{OTHER}"
FORK = "https://github.com/someone/api"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"repo-url": URL, "revision": QUEUE}, HERE),
        ({"repo-url": URL, "revision": QUEUE, "git-sha": SHA}, HERE | {"sha": SHA}),
        ({"repo-url": URL, "revision": "refs/tags/v1.2.3"}, HERE),
        ({"repo-url": URL, "revision": "refs/tags/v1.2.3", "commit": SHA}, HERE | {"sha": SHA}),
        ({"repo-url": URL, "revision": SHA, "pr-number": "12"}, HERE | {"sha": SHA, "pull-request": "12"}),
        ({"repo-url": URL, "revision": "refs/pull/12/head", "pr-number": "12"}, HERE | {"pull-request": "12"}),
        ({"repo-url": URL, "git-url": FORK, "revision": SHA, "pr-number": "12"}, {}),
        ({"repo-url": URL, "git-url": FORK, "git-repo-url": URL, "revision": SHA}, {}),
    ],
    ids=["queue", "queue and sha", "tag", "tag and sha", "pull", "pull's ref", "base and fork", "several sources"],
)
def test_merge_queues_tags_and_forks_tell_a_commit_only_where_it_is_certain(
    params: dict[str, str], expected: dict[str, str]
) -> None:
    assert found(params=params) == expected


def test_two_spellings_of_one_repository_are_one() -> None:
    params = {"repo-url": URL, "git-url": "git@github.com:Acme/API.git", "revision": SHA}
    assert found(params=params) == HERE | {"sha": SHA}


@pytest.mark.parametrize("owner", ["-acme", "acme--corp", "a" * 61])
def test_what_can_be_no_owner_is_none(owner: str) -> None:
    assert found(params={"repo-url": f"https://github.com/{owner}/api", "revision": SHA}) == {}


def test_pipelines_as_code_tells_repository_commit_and_pull_request() -> None:
    annotations = BY_PAC | {f"{PAC}/pull-request": "12"}
    assert found(annotations=annotations) == HERE | {"sha": SHA, "pull-request": "12"}
    assert sources(annotations=annotations)["owner"] == f"annotation {PAC}/repo-url"
    assert sources(annotations=annotations)["pull-request"] == f"annotation {PAC}/pull-request"


def test_labels_tell_what_no_label_changes() -> None:
    labels = {
        f"{PAC}/sha": SHA,
        f"{PAC}/pull-request": "12",
        f"{PAC}/url-org": "acme",
        f"{PAC}/url-repository": "github",
    }
    annotations = {f"{PAC}/repo-url": "https://github.com/acme/.github"}
    assert found(labels=labels, annotations=annotations)["repo"] == ".github"
    assert found(labels=labels, annotations=annotations)["sha"] == SHA
    assert sources(labels=labels, annotations=annotations)["sha"] == f"label {PAC}/sha"
    assert found(labels=labels) == {}


def test_a_push_has_no_pull_request() -> None:
    annotations = BY_PAC | {f"{PAC}/event-type": "push"}
    assert found(annotations=annotations, given={"comment": "always"})["pull-request"] == "none"
    assert "pull-request" not in found(annotations=annotations | {f"{PAC}/event-type": "pull_request"})


@pytest.mark.parametrize("forge", ["gitlab", "gitea", "bitbucket-cloud"])
def test_what_pipelines_as_code_got_from_another_forge_is_not_github_s(forge: str) -> None:
    assert found(annotations=BY_PAC | {f"{PAC}/git-provider": forge}) == {}


def test_commit_status_tracker_s_annotations_are_taken_over() -> None:
    annotations = LEGACY | {
        "tekton.dev/git-repo": URL,
        "tekton.dev/git-revision": SHA,
        "tekton.dev/status-context": "demo",
    }
    assert asks(source(annotations=annotations, given={}))
    assert found(annotations=annotations, given={}) == HERE | {"sha": SHA, "name": "demo"}
    assert sources(annotations=annotations, given={})["name"] == "annotation tekton.dev/status-context"


def test_its_repository_counts_only_with_its_revision() -> None:
    assert found(annotations=LEGACY | {"tekton.dev/git-repo": URL}, given={}) == {"name": "default"}
    assert found(annotations=LEGACY | {"tekton.dev/git-revision": SHA}, given={}) == {"name": "default"}


def test_its_runs_without_a_context_keep_the_one_that_they_had() -> None:
    assert found(annotations=LEGACY, given={}) == {"name": "default"}
    assert found(annotations=LEGACY) == {}


@pytest.mark.parametrize("given", [{"name": "mine"}, {"context": "mine"}])
def test_a_name_of_the_run_s_own_wins(given: dict[str, str]) -> None:
    assert found(annotations=LEGACY | {"tekton.dev/status-context": "demo"}, given=given) == {}


def test_a_context_that_can_be_no_name_is_not_taken() -> None:
    assert found(annotations=LEGACY | {"tekton.dev/status-context": "a\nb"}, given={}) == {}
