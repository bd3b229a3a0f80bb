"""Notifications, and runs with what is known of these while they are decoded."""

from typing import Any

import msgspec

from tekton_integrations import Integration
from tekton_integrations.integration import Source
from tekton_integrations.matching import Standing
from tekton_integrations.notices import Notices
from tekton_integrations.notification import Notification, decode_notification
from tekton_integrations.provider import Provider
from tekton_integrations.run import Matched, Run
from tests.reconciling import EVERYTHING, NAMESPACE, Noting

SHARED = "controller"


class Facts(msgspec.Struct, kw_only=True):
    labels: dict[str, str] = {}
    results: dict[str, str] = {}
    params: dict[str, str] = {}
    annotations: dict[str, str] = {}

    @property
    def exact(self) -> Source:
        return Source(kind="PipelineRun", labels=self.labels, annotations=self.annotations, params=self.params)


def make(name: str = "all", namespace: str = NAMESPACE, *, generation: int = 1, **spec: Any) -> Notification:
    """As it stands at the API server. Created in 2001, so that no run had ended before."""
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"uid-{namespace}-{name}",
        "resourceVersion": str(generation),
        "generation": generation,
        "creationTimestamp": spec.pop("created", "2001-01-01T00:00:00Z"),
    }
    spec = {"providerRef": {"name": "slack"}, **spec}
    return decode_notification(msgspec.json.encode({"metadata": metadata, "spec": spec}))


def standing(notification: Notification, integration: Integration | None = None) -> Standing:
    return Standing(notification=notification, integration=integration or Noting(), within=SHARED)


def provider(namespace: str = SHARED, *, name: str = "slack", kind: str = "Slack") -> Provider:
    return Provider(
        namespace=namespace,
        name=name,
        uid=f"uid-{namespace}-{name}",
        resource_version="1",
        generation=1,
        type=kind,
        endpoint="",
        grants=(EVERYTHING,),
        spec={},
    )


def noticing(*notifications: Notification, cap: int = 100, providers: tuple[Provider, ...] = ()) -> Notices:
    """One shared Provider is there, unless others are given."""
    notices = Notices([Noting()], SHARED, cap)
    known = {(each.namespace, each.name): each for each in providers or (provider(),)}
    notices.provider = lambda namespace, name: known.get((namespace, name))
    for each in notifications:
        notices.put(each)
    return notices


def matched(notices: Notices, run: Run, **facts: Any) -> list[Matched]:
    known = Facts(**facts)
    return list(notices(notices.reaching(run, known.labels), run, known))
