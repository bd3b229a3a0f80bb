"""Whether the controller's ServiceAccount may do what the code does. tests/test_diagnosis.py compares the table with
manifests/, as tests/test_rights.py compares those with the code."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from tekton_integrations.annotations import DOMAIN
from tekton_integrations.diagnosis.findings import Finding, Level, Looker
from tekton_integrations.kube.client import ApiError

_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_LEASES, _TEKTON = "coordination.k8s.io", "tekton.dev"
_READ = "get list watch"


class Right(NamedTuple):
    group: str
    resource: str
    verb: str


def _rights(group: str, resources: str, verbs: str) -> Iterator[Right]:
    for resource in resources.split():
        yield from (Right(group, resource, verb) for verb in verbs.split())


# In each namespace whose Providers count: these are among the next.
SHARED = (
    *_rights(DOMAIN, "providers notifications", "list watch"),
    *_rights(DOMAIN, "providers/status notifications/status", "patch"),
)
# In all namespaces (or that of --watch-namespace), in the controller's own, in each that has a Provider, and where logs
# are to be shown.
EVERYWHERE = (
    *_rights(_TEKTON, "pipelineruns taskruns customruns", _READ),
    *_rights(DOMAIN, "integrationstatuses", f"{_READ} create update delete"),
    *SHARED,
    *_rights("", "events", "create"),
    *_rights("", "namespaces", "get"),
)
AT_HOME = (
    *_rights(DOMAIN, "integrations", f"{_READ} create patch"),
    *_rights(_LEASES, "leases", f"{_READ} create update"),
)
SECRETS = tuple(_rights("", "secrets", _READ))
LOGS = tuple(_rights("", "pods pods/log secrets serviceaccounts", "get"))


class Account(NamedTuple):
    """A ServiceAccount of a controller that shows the runs of the namespace `watched`, or of all."""

    home: str
    name: str
    watched: str = ""

    @property
    def identity(self) -> dict[str, Any]:
        """As the API server has it; its groups count, too."""
        groups = ["system:serviceaccounts", f"system:serviceaccounts:{self.home}", "system:authenticated"]
        return {"user": f"system:serviceaccount:{self.home}:{self.name}", "groups": groups}


class _Place(NamedTuple):
    """Where it needs which rights (all namespaces: empty), and what to do where it lacks some."""

    namespace: str
    rights: tuple[Right, ...]
    well: str
    cure: str


async def rights(looker: Looker, account: Account, namespaces: Iterable[str]) -> list[Finding]:
    """`namespaces`: those that have a Provider."""
    role = "tekton-integrations-secrets"
    cure = f"apply manifests/{'overlays/one-namespace' if account.watched else 'base/rbac.yaml'}"
    at_home = (*AT_HOME, *SHARED) if account.watched else AT_HOME
    places = [
        _Place(account.watched, EVERYWHERE, "may do all that it has to", cure),
        _Place(account.home, at_home, "may do all that it has to", cure),
        *(
            _Place(
                each,
                SECRETS,
                "may read the Secrets of Providers",
                f"bind the ClusterRole {role} to it in namespace {each}",
            )
            for each in sorted(set(namespaces))
        ),
    ]
    try:
        return [await _at(looker, account, place) for place in places]
    except ApiError as error:
        if error.status not in (401, 403):
            raise
        said = f"could not be looked at: {error.message}"
        cure = "ask somebody who may create SubjectAccessReviews"
        return [Finding(subject=_subject(account), level=Level.UNKNOWN, said=said, cure=cure)]


def _subject(account: Account) -> str:
    return f"rights of {account.home}/{account.name}"


async def _at(looker: Looker, account: Account, place: _Place) -> Finding:
    allowed = await asyncio.gather(*(_allowed(looker, account, place.namespace, each) for each in place.rights))
    lacking = [f"{each.verb} {each.resource}" for each, yes in zip(place.rights, allowed, strict=True) if not yes]
    where = f"in namespace {place.namespace}" if place.namespace else "in all namespaces"
    if not lacking:
        return Finding(subject=_subject(account), level=Level.OK, said=f"{place.well} {where}")
    # Without the two others it reads Secrets again every 30 s.
    mild = place.rights is SECRETS and "get secrets" not in lacking
    level, said = Level.WARNING if mild else Level.PROBLEM, f"may not {', '.join(lacking)} {where}"
    return Finding(subject=_subject(account), level=level, said=said, cure=place.cure)


async def _allowed(looker: Looker, account: Account, namespace: str, right: Right) -> bool:
    resource, _, subresource = right.resource.partition("/")
    attributes = {"group": right.group, "resource": resource, "subresource": subresource, "verb": right.verb}
    spec = account.identity | {"resourceAttributes": attributes | {"namespace": namespace}}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    return bool(msgspec.json.decode(await looker.client.review(_REVIEWS, body))["status"]["allowed"])
