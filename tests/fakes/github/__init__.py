"""A GitHub on loopback, for tests, demo and benchmark: keeps GitHub's rules and answers, fails on demand.

Start it with `async with GitHub.started() as github`, or as a process: `python -m tests.fakes.github --help`.
"""

# The endpoints register themselves on import.
from tests.fakes.github import apps as _apps
from tests.fakes.github import checks as _checks
from tests.fakes.github import comments as _comments
from tests.fakes.github import deployment_statuses as _deployment_statuses
from tests.fakes.github import deployments as _deployments
from tests.fakes.github import pulls as _pulls
from tests.fakes.github import repositories as _repositories
from tests.fakes.github import statuses as _statuses
from tests.fakes.github.call import Call
from tests.fakes.github.clock import Clock
from tests.fakes.github.entities import (
    App,
    CheckRun,
    Comment,
    Commit,
    Deployment,
    DeploymentStatus,
    Installation,
    Output,
    PullRequest,
    Repository,
    Status,
    Write,
)
from tests.fakes.github.faults import CutAfterWrite, CutBeforeWrite, Fault, Hang, LaggingList, LateWrite, Rule
from tests.fakes.github.limits import Violation
from tests.fakes.github.refusals import (
    NotFound,
    PrimaryLimit,
    Redirect,
    Refusal,
    SecondaryLimit,
    ServerError,
    TooManyRequests,
    Unauthorized,
)
from tests.fakes.github.server import GitHub

__all__ = [
    "App",
    "Call",
    "CheckRun",
    "Clock",
    "Comment",
    "Commit",
    "CutAfterWrite",
    "CutBeforeWrite",
    "Deployment",
    "DeploymentStatus",
    "Fault",
    "GitHub",
    "Hang",
    "Installation",
    "LaggingList",
    "LateWrite",
    "NotFound",
    "Output",
    "PrimaryLimit",
    "PullRequest",
    "Redirect",
    "Refusal",
    "Repository",
    "Rule",
    "SecondaryLimit",
    "ServerError",
    "Status",
    "TooManyRequests",
    "Unauthorized",
    "Violation",
    "Write",
]

del _apps, _checks, _comments, _deployment_statuses, _deployments, _pulls, _repositories, _statuses
