"""Which rights at the API server each call in the code takes: a table that test_rights.py compares with the calls there
are, with what manifests/ grant, and (tests/e2e/test_rights.py) with what the API server is asked for."""

import ast
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hack.testbed.apply import manifests
from tests.conftest import MANIFESTS

PACKAGE = Path(__file__).parents[1] / "tekton_integrations"
OURS, TEKTON, LEASES = "integrations.tekton.dev", "tekton.dev", "coordination.k8s.io"
# Where `Source` is what a run's creator wrote, and none that an informer watches.
OTHER_SOURCES = ("kube/creators_json.py", "testing/pure.py")
# What a person's command does with the person's own rights, and what the client itself is made of.
NOT_THE_CONTROLLER = {
    "open_records.py",
    "asking.py",
    "cli/logs.py",
    "cli/version.py",
    "walkthrough.py",
    "gathering.py",
    "inquiry/reading.py",
    "inquiry/watching.py",
    "kube/client.py",
    "kube/run_watches.py",
    "kube/step_log.py",
}
METHODS = ("get", "post", "put", "patch", "delete", "tail", "stream", "review")


class Right(NamedTuple):
    group: str
    resource: str  # with the subresource, if any
    verb: str


class Call(NamedTuple):
    """A place in the code, of which there may be several in a module."""

    module: str
    method: str


def _rights(group: str, resources: str, *verbs: str) -> set[Right]:
    return {Right(group, resource, verb) for resource in resources.split() for verb in verbs}


RUNS = "pipelineruns taskruns customruns"
WATCHES = ("list", "watch")
# An informer's calls are counted where it is said what it watches.
INFORMED = Call("kube/informer.py", "get"), Call("kube/informer.py", "stream")
TABLE: dict[Call, tuple[int, set[Right]]] = {
    INFORMED[0]: (1, set()),
    INFORMED[1]: (1, set()),
    Call("kube/below.py", "get"): (1, _rights(TEKTON, RUNS, "list")),
    Call("kube/below.py", "tail"): (1, _rights(TEKTON, RUNS, "list")),
    Call("kube/runs.py", "get"): (1, _rights(TEKTON, RUNS, "get")),
    Call("kube/runs.py", "Source"): (1, _rights(TEKTON, RUNS, *WATCHES)),
    Call("kube/children.py", "Source"): (1, _rights(TEKTON, RUNS, *WATCHES)),
    Call("kube/records.py", "get"): (3, _rights(OURS, "integrationstatuses", "get", "list")),
    Call("kube/records.py", "post"): (1, _rights(OURS, "integrationstatuses", "create")),
    Call("kube/records.py", "put"): (1, _rights(OURS, "integrationstatuses", "update")),
    Call("kube/records.py", "delete"): (1, _rights(OURS, "integrationstatuses", "delete")),
    Call("kube/records.py", "Source"): (1, _rights(OURS, "integrationstatuses", *WATCHES)),
    Call("manager.py", "Source"): (1, _rights(OURS, "providers", *WATCHES)),
    Call("kube/allowances.py", "get"): (1, _rights(OURS, "providers", "list")),
    Call("kube/allowances.py", "patch"): (1, _rights(OURS, "providers/status", "patch")),
    Call("noticeboard.py", "Source"): (1, _rights(OURS, "notifications", *WATCHES)),
    Call("kube/notification_status.py", "patch"): (1, _rights(OURS, "notifications/status", "patch")),
    Call("publisher.py", "Source"): (1, _rights(OURS, "integrations", *WATCHES)),
    Call("kube/claims.py", "post"): (1, _rights(OURS, "integrations", "create")),
    Call("kube/claims.py", "get"): (1, _rights(OURS, "integrations", "get")),
    Call("kube/claims.py", "patch"): (1, _rights(OURS, "integrations", "patch")),
    Call("kube/lease.py", "get"): (1, _rights(LEASES, "leases", "get")),
    Call("kube/lease.py", "post"): (1, _rights(LEASES, "leases", "create")),
    Call("kube/lease.py", "put"): (1, _rights(LEASES, "leases", "update")),
    Call("kube/lease.py", "Source"): (1, _rights(LEASES, "leases", *WATCHES)),
    Call("kube/recorder.py", "post"): (1, _rights("", "events", "create")),
    Call("kube/namespaces.py", "get"): (1, _rights("", "namespaces", "get")),
    Call("kube/secrets.py", "get"): (1, _rights("", "secrets", "get")),
    Call("kube/secret_watches.py", "Source"): (1, _rights("", "secrets", *WATCHES)),
    Call("kube/pods.py", "get"): (1, _rights("", "pods secrets serviceaccounts", "get")),
    Call("kube/pods.py", "tail"): (1, _rights("", "pods/log", "get")),
}
USED = set[Right]().union(*(rights for _, rights in TABLE.values()))
# The controller's, some of them only where a namespace binds them.
ROLES = {"tekton-integrations", "tekton-integrations-secrets", "tekton-integrations-logs"}


def calls() -> Iterator[Call]:
    """The controller's in the code, as they stand there."""
    yield from calls_of(lambda module: module not in NOT_THE_CONTROLLER and not module.startswith("web/"))


def calls_of(wanted: Callable[[str], bool]) -> Iterator[Call]:
    for path in sorted(PACKAGE.rglob("*.py")):
        module = str(path.relative_to(PACKAGE))
        if not wanted(module):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (method := _method(node.func, module)):
                yield Call(module, method)


def _method(called: ast.expr, module: str) -> str:
    if isinstance(called, ast.Name) and called.id == "Source" and module not in OTHER_SOURCES:
        return "Source"
    if not (isinstance(called, ast.Attribute) and called.attr in METHODS):
        return ""
    whose = called.value
    client = isinstance(whose, ast.Attribute) and whose.attr == "_client"
    client = client or (isinstance(whose, ast.Subscript) and ast.unparse(whose.slice) == "CLIENT")
    return called.attr if client or (isinstance(whose, ast.Name) and whose.id == "client") else ""


def roles(folder: Path = MANIFESTS, names: Collection[str] = frozenset(ROLES)) -> list[dict[str, Any]]:
    found = [each for each in manifests(folder) if each["kind"] in ("Role", "ClusterRole")]
    return [each for each in found if each["metadata"]["name"] in names]


def aggregated(role: dict[str, Any]) -> bool:
    """Whether it adds to what others have who may view, edit or admin a namespace."""
    return any("/aggregate-to-" in label for label in role["metadata"].get("labels", {}))


def granted(folder: Path = MANIFESTS, names: Collection[str] = frozenset(ROLES)) -> set[Right]:
    rules = [rule for role in roles(folder, names) for rule in role["rules"]]
    return {
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
