"""What annotations may say to GitHub: strange repositories and commits never reach a path."""

import pytest
from tekton_integrations_github.integration import GitHub
from tekton_integrations_github.options import GitHubOptions

from tekton_integrations import PermanentError
from tekton_integrations.options import parse
from tekton_integrations.requests import Asked

SHA = "3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f"


def options(**changes: str) -> GitHubOptions:
    asked = Asked({"owner": "acme", "repo": "api", "sha": SHA} | changes, ())
    parsed = parse(GitHub, asked)
    assert isinstance(parsed, GitHubOptions)
    return parsed


@pytest.mark.parametrize("owner", ["acme", "a", "Acme-Corp", "0x", "a-b-c", "octo_corp", "x" * 60])
def test_owners_are_taken_as_they_are(owner: str) -> None:
    assert options(owner=owner).owner == owner


@pytest.mark.parametrize(
    "owner",
    [
        "",
        "-acme",
        "acme-",
        "acme--corp",
        "acme/api",
        "../acme",
        "..",
        ".",
        "a.b",
        "acme%2fapi",
        "acme\n",
        "\nacme",
        "acme ",
        "acmé",
        "аcme",  # noqa: RUF001  (the first letter is Cyrillic)
        "acme\x00",
        "a?b",
        "a#b",
        "@acme",
        "x" * 61,
    ],
)
def test_what_is_no_owner_is_refused(owner: str) -> None:
    with pytest.raises(PermanentError, match=r"github\.integrations\.tekton\.dev/owner must be the repository's owner"):
        options(owner=owner)


@pytest.mark.parametrize("repo", ["api", "a", ".github", "a.b", "...", "_x", "-x", "x" * 100])
def test_repositories_are_taken_as_they_are(repo: str) -> None:
    assert options(repo=repo).repo == repo


@pytest.mark.parametrize(
    "repo",
    [
        "",
        ".",
        "..",
        "../other",
        "api/../../other",
        "api%2f..%2fother",
        "%2e%2e",
        "acme/api",
        "api\n",
        "..\n",
        "api ",
        "ápi",
        "api?x",
        "api#x",
        "api\\x",
        "x" * 101,
    ],
)
def test_what_is_no_repository_is_refused(repo: str) -> None:
    with pytest.raises(PermanentError, match=r"dev/repo must be the repository's name without its owner"):
        options(repo=repo)


@pytest.mark.parametrize("sha", [SHA, SHA.upper(), "0" * 40])
def test_full_shas_are_taken_as_they_are(sha: str) -> None:
    assert options(sha=sha).sha == sha


@pytest.mark.parametrize(
    "sha",
    [
        "",
        "main",
        "refs/heads/main",
        "HEAD",
        "v1.2.3",
        SHA[:7],
        SHA[:-1],
        SHA + "0",
        SHA + "\n",
        " " + SHA,
        SHA[:-1] + "g",
        "../" + SHA[3:],
        "%2e" + SHA[3:],
        "٣" * 40,
        "x" * 4096,
    ],
)
def test_what_is_no_full_sha_is_refused_with_the_cure(sha: str) -> None:
    with pytest.raises(PermanentError, match="40 hexadecimal digits; not a branch, a tag or a short SHA") as caught:
        options(sha=sha)
    assert caught.value.reason == "InvalidAnnotation"
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("name", ["build", "Tekton / unit tests", "ü", "x" * 100])
def test_names_are_taken_as_they_are(name: str) -> None:
    assert options(name=name).name == name


@pytest.mark.parametrize("name", ["", "a\nb", "a\tb", "\x7f", "a\x00", "x" * 101])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(PermanentError, match="dev/name must be the check's name, up to 100 characters"):
        options(name=name)


@pytest.mark.parametrize("name", ["build\u2003", "\u3000build", "a\u2003b"])
def test_a_name_with_unusual_blanks_is_refused(name: str) -> None:
    with pytest.raises(PermanentError):
        options(name=name)


@pytest.mark.parametrize("name", ["a\u202eb", "a\u200b", "a\u2028b", "a\x85b", "a\xa0b", " build", "build "])
def test_a_name_that_looks_like_another_is_refused(name: str) -> None:
    with pytest.raises(PermanentError):
        options(name=name)


@pytest.mark.parametrize("key", ["owner", "repo", "sha"])
def test_what_is_missing_is_named_and_explained(key: str) -> None:
    given = {"owner": "acme", "repo": "api", "sha": SHA}
    del given[key]
    with pytest.raises(
        PermanentError, match=rf"github\.integrations\.tekton\.dev/{key} is missing; it says the "
    ) as caught:
        parse(GitHub, Asked(given, ()))
    assert caught.value.reason == "MissingAnnotation"


def test_without_a_name_none_is_asked_for() -> None:
    assert options().name == ""
