"""Where other tools leave the repository, the commit and the pull request of a run, and how each is read.

Of one place all is of one repository, or there is nothing.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from tekton_integrations import Found, Source
from tekton_integrations_github.addresses import parse
from tekton_integrations_github.options import NONE, GitHubOptions

# https://github.com/tektoncd/experimental/tree/main/commit-status-tracker
STATUS, CONTEXT = "tekton.dev/git-status", "tekton.dev/status-context"
GIT_REPO, GIT_REVISION = "tekton.dev/git-repo", "tekton.dev/git-revision"
# https://github.com/tektoncd/pipelines-as-code, pkg/apis/pipelinesascode/keys/keys.go
PAC = "pipelinesascode.tekton.dev"
# Names of parameters; case, `-`, `_` and `.` make no difference.
URLS = ("url", "git-url", "repo-url", "git-repo-url", "repository-url", "git-repository-url")
REVISIONS = ("revision", "sha", "commit", "git-revision", "git-sha", "git-commit", "commit-sha", "git-commit-sha")
PULLS = ("pull-request", "pull-request-number", "pr-number")
# A longer name is none of these, however many signs between its letters don't count.
_LONGEST = 40

_TYPES = {field.encode_name: field.type for field in msgspec.structs.fields(GitHubOptions)}
Place = dict[str, Found]


def valid(option: str, value: str) -> bool:
    """Whether the option takes the value."""
    try:
        msgspec.convert(value, _TYPES[option])
    except msgspec.ValidationError:
        return False
    return True


def commit_status_tracker(source: Source) -> Place:
    """Both of its annotations or none, as it was with commit-status-tracker."""
    url, sha = (_said(source.annotations, "annotation", key) for key in (GIT_REPO, GIT_REVISION))
    if source.annotations.get(STATUS) != "true" or url is None or sha is None:
        return {}
    repository = _repository([url])
    return repository and repository | _place("sha", sha)


def pipelines_as_code(source: Source) -> Place:
    """The repository from an annotation only: in labels, names are changed to what a label may be."""

    def said(key: str) -> Found | None:
        key = f"{PAC}/{key}"
        return _said(source.annotations, "annotation", key) or _said(source.labels, "label", key)

    url, event, forge = (
        _said(source.annotations, "annotation", f"{PAC}/repo-url"),
        said("event-type"),
        said("git-provider"),
    )
    repository = _repository([url] if url else [])
    if (url and not repository) or (forge and not forge.value.startswith("github")):
        return {}
    pull = said("pull-request")
    if pull is None and event and event.value in ("push", "incoming"):
        pull = Found(NONE, event.source)
    return repository | _place("sha", said("sha")) | _place("pull-request", pull)


def parameters(source: Source) -> Place:
    """Of what Triggers, or whoever made the run, passed on."""
    urls = _named(source.params, URLS)
    repository = _repository(urls)
    if urls and not repository:
        return {}  # whose commit it is can't be told
    sha = _only(_named(source.params, REVISIONS), lambda value: valid("sha", value))
    pull = _only(_named(source.params, PULLS), lambda value: value != NONE and valid("pull-request", value))
    return repository | _place("sha", sha) | _place("pull-request", pull)


def name(source: Source) -> Place:
    """That of commit-status-tracker, so that a branch's required status keeps its name."""
    if source.annotations.get(STATUS) != "true" or source.pipelines_as_code:
        return {}
    context = _said(source.annotations, "annotation", CONTEXT)
    if context or source.given:
        return _place("name", context)
    return _place("name", Found("default", f"annotation {STATUS}, without {CONTEXT}"))


def _place(option: str, found: Found | None) -> Place:
    return {option: found} if found and valid(option, found.value) else {}


def _said(values: Mapping[str, str], kind: str, key: str) -> Found | None:
    return Found(values[key], f"{kind} {key}") if values.get(key) else None


def _repository(urls: Iterable[Found]) -> Place:
    """The one to which all of the URLs lead."""
    found = [(parse(url.value), url.source) for url in urls]
    address, source = found[0] if found else (None, "")
    if address is None or any(each is None or each.key != address.key for each, _ in found):
        return {}
    parts = {"host": address.host, "owner": address.owner, "repo": address.repo}
    place = {option: Found(value, source) for option, value in parts.items() if valid(option, value)}
    return place if place.keys() == parts.keys() else {}


def _named(params: Mapping[str, str], names: Iterable[str]) -> list[Found]:
    wanted = set(map(_plain, names))
    return [
        Found(value, f"parameter {name}")
        for name, value in params.items()
        if value and len(name) <= _LONGEST and _plain(name) in wanted
    ]


def _plain(name: str) -> str:
    return name.lower().translate({ord(sign): None for sign in "-_."})


def _only(found: Iterable[Found], right: Callable[[str], bool]) -> Found | None:
    """The one right value; none where there are several."""
    values = {each.value.lower(): each for each in found if right(each.value)}
    return next(iter(values.values())) if len(values) == 1 else None
