"""The runs that the demo plays, what GitHub must show of each in the end, and whether it does."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REPOSITORY = "acme/api"  # as recorded


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One recording, the commit that it is about, and the check run that must come of it."""

    name: str  # of the recording, and of the run
    commit: str
    check: str
    conclusion: str
    title: str  # what the check run's title must begin with

    @property
    def sha(self) -> str:
        """Each run has a commit of its own, the same in every demo."""
        return hashlib.sha1(f"demo of {self.name}".encode()).hexdigest()


FAILURE = Scene(
    name="failure",
    commit="Round prices up",
    check="Tekton / failure",
    conclusion="failure",
    title="test failed: step integration exited with code 2",
)
SCENES = (
    Scene(
        name="success",
        commit="Add a health endpoint",
        check="Tekton / success",
        conclusion="success",
        title="Succeeded",
    ),
    FAILURE,
    Scene(
        name="cancelled",
        commit="Try a slower linter",
        check="Tekton / cancelled",
        conclusion="cancelled",
        title="Cancelled",
    ),
    Scene(
        name="not-found",
        commit="Use a pipeline that nobody made yet",
        check="Tekton / no-such-pipeline",
        conclusion="failure",
        title="Could not start",
    ),
)


def verdict(check_runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the look-alike's check runs, a sentence each. Empty: one right check run for each run."""
    problems = []
    for scene in SCENES:
        found = [each for each in check_runs if each["head_sha"] == scene.sha]
        if len(found) == 1:
            problems += _wrong(scene, found[0])
        else:
            problems.append(f"{scene.name}: {len(found) or 'no'} check runs instead of one")
    known = {scene.sha for scene in SCENES}
    strays = [each for each in check_runs if each["head_sha"] not in known]
    return problems + [f"nobody asked for check run {each['name']!r} on {each['head_sha']}" for each in strays]


def _wrong(scene: Scene, shown: Mapping[str, Any]) -> list[str]:
    title = shown["output"]["title"] or ""
    compared = {
        "repository": (shown["repository"], REPOSITORY),
        "name": (shown["name"], scene.check),
        "status": (shown["status"], "completed"),
        "conclusion": (shown["conclusion"], scene.conclusion),
        "title": (title[: len(scene.title)], scene.title),
    }
    return [
        f"{scene.name}: the check run's {field} is {is_!r} instead of {should!r}"
        for field, (is_, should) in compared.items()
        if is_ != should
    ]
