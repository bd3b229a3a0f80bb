"""Every setting, once. Command-line flags and TEKTON_INTEGRATIONS_* variables are made from it in cli/run.py."""

from dataclasses import dataclass
from pathlib import Path

from tekton_integrations.details import Pages
from tekton_integrations.kube.config import SERVICE_ACCOUNT


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times are in seconds."""

    integrations: tuple[str, ...] = ("github",)
    # Those of them that may take what a run leaves out from its labels, parameters and older annotations.
    infer: tuple[str, ...] = ()
    namespace: str = "tekton-integrations"
    # Runs of this namespace only; of all when empty.
    watch_namespace: str = ""
    # Names this process in Leases; made up when empty. Who bears the name of a holder takes over at once.
    identity: str = ""
    # Networks and names of hosts to which no run may lead, besides those that are not the Internet's anyway.
    refused_networks: tuple[str, ...] = ()
    # Our own pages about runs, to which reports lead; none when empty.
    pages: Pages | None = None
    kubeconfig: str | None = None
    service_account: Path = SERVICE_ACCOUNT
    health_host: str = "0.0.0.0"  # noqa: S104  (the kubelet probes from outside the pod)
    health_port: int = 8080
    workers: int = 32
    # How long a new run may be without a condition before it is shown as queued; most get one within this.
    grace: float = 1.0
    # So many open reports may Notifications make in one namespace.
    notified: int = 5000
    # A watch without a byte for so long is dead; the API server sends bookmarks about once a minute.
    watch_silence: float = 90.0

    @property
    def scopes(self) -> tuple[str, ...]:
        """The namespaces whose Providers and Notifications count; all is an empty name."""
        return tuple(sorted({self.namespace, self.watch_namespace})) if self.watch_namespace else ("",)
