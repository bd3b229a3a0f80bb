"""What the showcase plays: which recording, with which annotations, and what a reader should look at."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hack.recording import DATA

REPOSITORY = "acme/api"  # as recorded
PREFIX = "github.integrations.tekton.dev/"
SHOP = "shop"  # this namespace has enabled log excerpts
OFFICE = "office"  # this one has not
LEGACY = "legacy"  # this one is served by a Provider with a token


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One run. `pull`: the pull request whose head its commit is, 0 for none. `logs`: lines by pod and container."""

    name: str  # of the scene, and of the run
    recording: str | Path
    heading: str
    note: str  # Markdown
    commit: str
    pull: int = 0
    namespace: str = OFFICE
    annotations: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def sha(self) -> str:
        """Each run has a commit of its own, the same each time."""
        return hashlib.sha1(f"showcase of {self.name}".encode()).hexdigest()


INTEGRATION_LOG = (
    *(f"tests/test_prices.py::test_price_of_{number}_items PASSED" for number in range(1, 7)),
    "tests/test_prices.py::test_prices_round_up FAILED",
    "",
    "=================================== FAILURES ===================================",
    "____________________________ test_prices_round_up _____________________________",
    "",
    "    def test_prices_round_up() -> None:",
    '>       assert price("2.345") == "2.35"',
    "E       AssertionError: assert '2.34' == '2.35'",
    "",
    "/workspace/source/tests/test_prices.py:41: AssertionError",
    "/workspace/source/src/prices.py:17:12: warning: round() rounds half to even",
    "\x1b[31m1 failed\x1b[0m, 6 passed in 3.21s",
)

FAILURE = Scene(
    name="failure",
    recording="failure",
    heading="A step failed",
    note="The namespace lets the controller read logs (a RoleBinding), the repository is private, and a pull request "
    "was named with `comment: on-failure`.",
    commit="Round prices up",
    pull=12,
    namespace=SHOP,
    annotations={"comment": "on-failure", "pull-request": "12"},
    logs={("failure-test-pod", "step-integration"): INTEGRATION_LOG},
)

SCENES = (
    FAILURE,
    Scene(
        name="success",
        recording="success",
        heading="All is well, and deployed",
        note="With `environment: staging` and an `environment-url`, and with `checks: tasks`: "
        "one more check for each task.",
        commit="Add a health endpoint",
        pull=13,
        annotations={
            "environment": "staging",
            "environment-url": "https://staging.example.com",
            "checks": "tasks",
        },
    ),
    Scene(
        name="retries",
        recording="retries",
        heading="It failed again and again",
        note="The namespace has not enabled excerpts of logs, and the page says so.",
        commit="Wait longer for the database",
    ),
    Scene(
        name="timeout",
        recording="timeout",
        heading="It took too long",
        note="",
        commit="Try a slower linter",
    ),
    Scene(
        name="not-found",
        recording="not-found",
        heading="It could not start",
        note="No pod ever ran; without an integration nobody would have been told.",
        commit="Use a pipeline that nobody made yet",
    ),
    Scene(
        name="cancelled",
        recording="cancelled",
        heading="Somebody cancelled it",
        note="",
        commit="Stop all of this",
    ),
    Scene(
        name="skipped",
        recording="skipped",
        heading="A task was skipped",
        note="",
        commit="Correct a typing error",
    ),
    Scene(
        name="taskrun",
        recording="taskrun",
        heading="A TaskRun by itself",
        note="",
        commit="Sort the imports",
    ),
    Scene(
        name="customrun",
        recording=DATA / "made" / "customrun.ndjson",
        heading="A CustomRun by itself",
        note="Somebody else's controller does what it asks for.",
        commit="Ask for an approval",
    ),
    Scene(
        name="annotated-pipeline",
        recording="annotated-pipeline",
        heading="A Pipeline with annotations of its own",
        note="",
        commit="Let the Pipeline say where to report",
    ),
    Scene(
        name="remote-pipeline",
        recording="remote-pipeline",
        heading="A Pipeline from somewhere else",
        note="What stands on a remotely resolved Pipeline does not count; what stands on the run does.",
        commit="Share a pipeline",
    ),
    Scene(
        name="failure-by-token",
        recording="failure",
        heading="A step failed, told by a token",
        note="Without a GitHub App there is a commit status: a line, and a link.",
        commit="Round prices down again",
        pull=14,
        namespace=LEGACY,
    ),
)
