"""An API server that goes, forgets, or can't be reached."""

from collections.abc import Sequence

from hack.chaos.acts import Act, Script
from hack.chaos.cases.case import Case


def _restarted(script: Script) -> Sequence[Act]:
    """Etcd dies below the API server, then that; first etcd comes back."""
    at = 0.3 * script.span
    return [
        Act(at=at, do="etcd", value="kill"),
        Act(at=at + 1, do="apiserver", value="kill"),
        Act(at=at + 2, do="etcd", value="start"),
        Act(at=at + 3, do="apiserver", value="start"),
    ]


def _gone(script: Script) -> Sequence[Act]:
    """The API server is another one when the controller wakes up, and remembers less than it has missed."""
    at = 0.3 * script.span
    return [
        Act(at=at, do="pause", on="0"),
        Act(at=at + 0.5, do="apiserver", value="kill"),
        Act(at=at + 0.6, do="apiserver", value="start"),
        Act(at=script.over + 6, do="resume", on="0"),
    ]


def _split(script: Script) -> Sequence[Act]:
    """The leader still reaches all services, and the API server no more: another one leads meanwhile."""
    at = 0.3 * script.span
    return [Act(at=at, do="part", on="api-0"), Act(at=at + 22, do="heal", on="api-0")]


def _cut_off(script: Script) -> Sequence[Act]:
    """Neither calls nor answers arrive at the services, and nobody is told."""
    at = 0.3 * script.span
    return [Act(at=at, do="part", on="services"), Act(at=at + 15, do="heal", on="services")]


CASES = (
    Case(name="apiserver", title="API server and etcd killed", disturb=_restarted),
    Case(name="gone", title="410 Gone after a pause", disturb=_gone, expires=True),
    Case(name="split", title="leader split from API server", disturb=_split, replicas=2),
    Case(name="cut-off", title="split from all services, 15 s", disturb=_cut_off),
)
