"""The record of one run at one integration, stored as an IntegrationStatus: what the remote shows, and what
we were about to do. Values only; kube/records.py reads and writes them.

The first four fields of the status are TEP-0004's (tektoncd/community pull request 147).
"""

import hashlib
from datetime import UTC, datetime

import msgspec

from tekton_integrations.annotations import DOMAIN

API_VERSION = f"{DOMAIN}/v1alpha1"
KIND = "IntegrationStatus"
# Raised when a record says something that an older controller would misread or lose; see docs/decisions/0012.
# 2: a target has an endpoint, without which an older one would call the Provider's own, with its secrets.
FORMAT = 2


class Target(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where a run is shown. A grant must allow `resource` (acme/api) and `name` (the check, the channel).

    `detail` completes the address (a sha); `labels` are put on the record, so that people find it by them. `shares`
    names what several runs share there besides the address (a pull request's comment): see Context.newest. `endpoint`
    is a URL that the run itself names: calls go there, and without the Provider's secrets unless it is the Provider's.
    """

    resource: str
    name: str
    detail: str = ""
    labels: dict[str, str] = {}
    shares: tuple[str, ...] = ()
    endpoint: str = ""

    @property
    def address(self) -> tuple[str, str, str, str]:
        return self.resource, self.name, self.detail, self.endpoint


class Attempt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A call that is about to be made and must not be made twice. Times are seconds since the epoch.

    After `deadline` the call can no longer take effect unseen.
    """

    id: str
    holder: str
    started: float
    deadline: float


class Condition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    status: str
    reason: str
    message: str = ""
    last_transition: float = 0.0


class RunRef(msgspec.Struct, frozen=True, kw_only=True, gc=False, rename="camel"):
    api_version: str
    kind: str
    name: str
    uid: str


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """`resource_version` is empty while the record is not in the cluster. `generation` is the record's own,
    `observed_generation` the run's; `format` is that of whoever wrote it. `delivered` counts the milestones that
    were delivered, of which `milestone` was the last. `sources` says where options came from that were inferred."""

    namespace: str
    name: str
    run: RunRef
    integration: str
    notification: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    owned: bool = False
    condition: Condition = Condition(status="Unknown", reason="InProgress")
    observed_generation: int = 0
    memory: dict[str, str] = {}
    observed_state: str = ""
    input_digest: str = ""
    version: str = ""
    provider: str = ""
    url: str = ""
    target: Target | None = None
    attempts: int = 0
    next_attempt: float | None = None
    intent: Attempt | None = None
    verify_after: float | None = None
    format: int = FORMAT
    delivered: int = 0
    milestone: str = ""
    sources: dict[str, str] = {}

    @property
    def new(self) -> bool:
        """Never written; what is known of the run at the remote is nothing."""
        return not self.resource_version and not self.condition.last_transition

    @property
    def lost(self) -> bool:
        """Somebody deleted it; the next write makes it anew."""
        return not self.resource_version and not self.new

    @property
    def given_up(self) -> bool:
        return self.condition.status == "False"

    @property
    def reported(self) -> bool:
        return self.condition.status == "True"

    @property
    def settled(self) -> bool:
        """Nothing is left to do for what its digest stands for."""
        return self.reported and self.owned

    @property
    def readable(self) -> bool:
        """False for one that a newer controller wrote: it may mean what we don't know."""
        return self.format <= FORMAT

    @property
    def open(self) -> bool:
        """Somebody else's, and none of our business (docs/decisions/0021): no integration's name has a dot."""
        return "." in self.integration

    @property
    def traces(self) -> bool:
        """Something of this run may be standing at the remote."""
        return bool(self.memory or self.observed_state) or self.intent is not None or self.verify_after is not None


def format_of(record: Record) -> int:
    """The lowest that says what the record says: whoever is rolled back can go on with the others."""
    return 2 if record.target is not None and record.target.endpoint else 1


def record_name(run: str, uid: str, integration: str, notification: str = "") -> str:
    """`<run>-<integration>-<hash>`; the hash keeps a recreated run of the same name apart."""
    digest = hashlib.sha256("\0".join((uid, integration, notification)).encode()).hexdigest()[:8]
    return f"{run}-{integration}-{digest}"


def external_id(record: Record) -> str:
    """An opaque id under which the remote keeps this record's object; tells outsiders nothing about the run.

    With the namespace, so that a record that names a run of another namespace finds nothing of it.
    """
    parts = ("external", record.namespace, record.run.uid, record.integration, record.notification)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def labels_of(record: Record) -> dict[str, str]:
    kind = record.run.kind[0].lower() + record.run.kind[1:]
    labels = {f"tekton.dev/{kind}": record.run.name, f"{DOMAIN}/integration": record.integration}
    extra = record.target.labels if record.target else {}
    return labels | {f"{DOMAIN}/{key}": value for key, value in extra.items()}


def rfc3339(seconds: float, *, precise: bool = True) -> str:
    """Kubernetes' time format; `precise` keeps milliseconds (metav1.Time readers take whole seconds only)."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds" if precise else "seconds")
    return text.replace("+00:00", "Z")


def seconds(time: datetime | None) -> float | None:
    """A decoded time as this package holds times: seconds since the epoch."""
    return time.timestamp() if time else None
