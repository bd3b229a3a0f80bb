"""What a run leaves out, from what other tools wrote on it at creation; and which runs are somebody else's business.

Nothing is guessed: a branch is no commit, and two repositories are none. A commit or a pull request of one repository
is never looked for in another.
"""

from collections.abc import Iterable, Mapping

from tekton_integrations import PermanentError, Run, Source
from tekton_integrations_github import places
from tekton_integrations_github.addresses import served
from tekton_integrations_github.options import GitHubOptions, key
from tekton_integrations_github.places import (
    CONTEXT,
    GIT_REPO,
    GIT_REVISION,
    PAC,
    PULLS,
    REVISIONS,
    STATUS,
    URLS,
    Place,
)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


_REPOSITORY = f"the annotations {GIT_REPO} and {PAC}/repo-url and the parameters {_listed(URLS)}"
INFERABLE: Mapping[str, str] = {
    "owner": _REPOSITORY,
    "repo": _REPOSITORY,
    "sha": f"the annotations {GIT_REVISION} and {PAC}/sha and the parameters {_listed(REVISIONS)}; "
    "only a full SHA counts, and one that is known to be of this repository",
    "name": f"the annotation {CONTEXT}",
    "pull-request": f"the annotation {PAC}/pull-request and the parameters {_listed(PULLS)}",
}


def asks(source: Source) -> bool:
    """Whether commit-status-tracker would have reported the run. What Pipelines-as-Code reports is left to it."""
    legacy = source.kind == "PipelineRun" and source.annotations.get(STATUS) == "true"
    return legacy and not source.pipelines_as_code


def infer(source: Source) -> Place:
    """What the run leaves out, by the options' keys; only what these accept."""
    found: Place = {}
    for look in (places.commit_status_tracker, places.pipelines_as_code, places.parameters):
        place = look(source)
        if _fits(place, found, source.given):
            found = place | found
    needed = {"owner", "repo", "sha"} | ({"pull-request"} if "comment" in source.given else set())
    if not found.keys() & (needed - source.given.keys()):
        found = {}  # the run says it all, and another host that has the same commit is nobody's business
    if "context" not in source.given:
        found |= places.name(source)
    return {option: each for option, each in found.items() if option not in source.given}


def refuse_if_reported(run: Run, options: GitHubOptions) -> None:
    """Raises PermanentError for a run that Pipelines-as-Code reports, unless its options say to report it, too."""
    if run.pipelines_as_code and not options.beside_pipelines_as_code:
        raise PermanentError(
            "ReportedElsewhere",
            "Pipelines-as-Code made this run and reports it; to show it here, too, set "
            f'{key("beside-pipelines-as-code")}: "true", else remove the annotations',
        )


def refuse_other_host(options: GitHubOptions, endpoint: str) -> None:
    """Raises PermanentError when the repository is on another host than the one that the Provider's endpoint serves:
    a repository of the same name there may be somebody else's."""
    if options.host and options.host.lower() != served(endpoint):
        raise PermanentError(
            "OtherHost",
            f"the repository is on {options.host}, and the Provider is for {served(endpoint)}; name another Provider "
            f"in {key('provider')}, or set {key('host')} to that host (to nothing, if both are the same)",
        )


def _fits(place: Place, found: Place, given: Mapping[str, str]) -> bool:
    """Whether it is about the repository that is known so far, be it from the run itself or from an earlier place."""
    known: dict[str, str] = {option: each.value for option, each in found.items()} | dict(given)
    if "repo" not in place:
        return {"owner", "repo"} <= given.keys()
    return all(
        known[option].lower() == place[option].value.lower()
        for option in ("host", "owner", "repo")
        if known.get(option)
    )
