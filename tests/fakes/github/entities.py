"""The things GitHub keeps, as far as reports on commits need them. Rules live beside the endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

READ, WRITE = "read", "write"
LEVELS = {READ: 1, WRITE: 2, "admin": 3}


PERMISSIONS = {
    "checks": "write",
    "deployments": "write",
    "metadata": "read",
    "pull_requests": "write",
    "statuses": "write",
}


@dataclass(kw_only=True, eq=False)
class App:
    """`permissions`: what it asks for; what an installation has been given is another matter."""

    id: int
    client_id: str
    slug: str
    name: str
    public_key_pem: str
    private_key_pem: str = field(default="", repr=False)
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))


@dataclass(kw_only=True, eq=False)
class Repository:
    id: int
    owner: str
    name: str
    private: bool = True
    any_commit: bool = False
    archived: bool = False
    blocked: bool = False  # taken down: https://docs.github.com/en/site-policy/content-removal-policies
    edits_of_others: bool = True  # who may write comments may change everybody's
    commits: dict[str, "Commit"] = field(default_factory=dict, repr=False)
    pulls: dict[int, "PullRequest"] = field(default_factory=dict, repr=False)
    deployments: list["Deployment"] = field(default_factory=list, repr=False)  # oldest first

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(kw_only=True, eq=False)
class Commit:
    sha: str
    message: str
    created: float
    behind: bool = False  # the default branch has commits that this one lacks
    runs: list["CheckRun"] = field(default_factory=list)  # oldest first
    statuses: list["Status"] = field(default_factory=list)  # oldest first


@dataclass(kw_only=True, eq=False)
class Installation:
    """An App on one account. It sees the repositories that were selected for it."""

    id: int
    app: App
    account: str
    permissions: dict[str, str]
    repositories: dict[int, Repository] = field(default_factory=dict, repr=False)
    suspended: bool = False

    @property
    def client(self) -> str:
        """Whose rate limit its tokens count against."""
        return f"installation {self.id}"


@dataclass(frozen=True, kw_only=True)
class Output:
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Write:
    """One accepted change of a check run: what was sent, and what it then was."""

    time: float
    loop_time: float
    method: str
    body: Mapping[str, Any] = field(repr=False)
    after: "CheckRun" = field(repr=False)


@dataclass(kw_only=True, eq=False)
class CheckRun:
    id: int
    repository: Repository = field(repr=False)
    suite_id: int
    app_id: int
    name: str
    head_sha: str
    external_id: str = ""
    details_url: str | None = None
    status: str = "queued"
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    output: Output = field(default_factory=Output, repr=False)
    actions: tuple[Mapping[str, str], ...] = ()
    created: float = 0.0
    history: list[Write] = field(default_factory=list, repr=False)

    def remember(self, write: "Write") -> None:
        self.history.append(write)

    def snapshot(self) -> "CheckRun":
        return replace(self, history=[])

    def as_seen_at(self, loop_time: float) -> "CheckRun | None":
        """What a reader that lags behind would see; None where the run did not exist yet."""
        seen = [write.after for write in self.history if write.loop_time <= loop_time]
        return seen[-1] if seen else None


@dataclass(frozen=True, kw_only=True)
class Status:
    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: str
    created_at: str
    loop_time: float = field(repr=False)


@dataclass(kw_only=True, eq=False)
class PullRequest:
    number: int
    repository: Repository = field(repr=False)
    head_sha: str
    title: str
    fork: bool = False  # its commits are in another repository
    locked: bool = False
    state: str = "open"
    created: float = 0.0
    comments: list["Comment"] = field(default_factory=list, repr=False)  # oldest first


@dataclass(frozen=True, kw_only=True)
class CommentWrite:
    time: float
    method: str
    body: str = field(repr=False)


@dataclass(kw_only=True, eq=False)
class Comment:
    id: int
    repository: Repository = field(repr=False)
    number: int  # of the pull request
    author: str
    app_id: int | None
    body: str = field(repr=False)
    created: float
    updated: float
    loop_time: float = field(repr=False)
    history: list[CommentWrite] = field(default_factory=list, repr=False)


@dataclass(kw_only=True, eq=False)
class Deployment:
    id: int
    repository: Repository = field(repr=False)
    sha: str
    ref: str
    task: str
    environment: str
    payload: Any
    description: str | None
    transient: bool
    production: bool
    creator: str
    app_id: int | None
    created: float
    loop_time: float = field(repr=False)
    statuses: list["DeploymentStatus"] = field(default_factory=list, repr=False)  # oldest first

    @property
    def state(self) -> str:
        """As the web shows it; "pending" before the first status."""
        return self.statuses[-1].state if self.statuses else "pending"


@dataclass(frozen=True, kw_only=True)
class DeploymentStatus:
    id: int
    state: str
    description: str
    log_url: str
    environment: str
    environment_url: str
    creator: str
    app_id: int | None
    created: float
    loop_time: float = field(repr=False)


Written = CheckRun | Status | Comment | Deployment | DeploymentStatus
