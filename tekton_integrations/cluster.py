"""What all reconcilers share: the caches, the ways to write, the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tekton_integrations.clients import Clients
from tekton_integrations.details import Pages
from tekton_integrations.excerpts import Excerpts
from tekton_integrations.kube.lease import Lease
from tekton_integrations.kube.lister import Lister
from tekton_integrations.kube.namespaces import Namespaces
from tekton_integrations.kube.recorder import EventRecorder
from tekton_integrations.kube.records import Records
from tekton_integrations.kube.runs import Runs
from tekton_integrations.kube.secrets import Credentials
from tekton_integrations.provider import Provider
from tekton_integrations.quota import Quota
from tekton_integrations.turnstile import Turnstile

# The index of a Lister of Providers.
NAMESPACE = "namespace"


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Seconds. A call may take `timeout`; what the client gave up on may still land for `quarantine` after."""

    timeout: float = 10.0
    quarantine: float = 20.0
    # What was announced but not begun for so long is not begun any more: another holder may be at it.
    announce: float = 5.0


def provider_lister() -> Lister[Provider]:
    """By namespace, so that a thousand Providers of others cost a run nothing."""
    return Lister({NAMESPACE: lambda provider: provider.namespace})


class Mandate:
    """That this process alone acts for one integration, as long as it holds the Lease. Caches that are older than
    the resourceVersion `fence` may lack what the former holder wrote."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.fence = 0

    @property
    def since(self) -> float:
        """When that began, in seconds since the epoch."""
        return self.lease.since

    def remaining(self) -> float:
        """Seconds for which it surely goes on."""
        return self.lease.remaining()


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """`shared_namespace` is the controller's: its Providers may grant to all; `holder` names this process."""

    runs: Runs
    records: Records
    providers: Lister[Provider]
    credentials: Credentials
    namespaces: Namespaces
    recorder: EventRecorder
    clients: Clients
    excerpts: Excerpts
    shared_namespace: str
    holder: str
    timing: Timing
    # What only tells people about a wait is written as long as this lasts.
    courtesy: Quota
    now: Callable[[], float] = time.time
    # Through which all workers go, whatever their integration.
    turnstile: Turnstile = field(default_factory=Turnstile)
    # Where reports lead to if their Provider doesn't say.
    pages: Pages | None = None
    # Goes on evenly whatever is done to `now`; its beginning means nothing.
    clock: Callable[[], float] = time.monotonic

    def provider(self, path: str) -> Provider | None:
        """That of a path, NAMESPACE/NAME."""
        namespace, _, name = path.partition("/")
        return self.providers.get(namespace, name)

    def in_reach(self, namespace: str) -> list[Provider]:
        """The Providers that runs of the namespace could use: its own, and the shared ones."""
        return [each for where in {namespace, self.shared_namespace} for each in self.providers.by(NAMESPACE, where)]
