"""Which rights at the API server each call of `tekton-integrations serve` takes; as rights.py for the controller."""

from tests.conftest import MANIFESTS
from tests.rights import LEASES, OURS, RUNS, TEKTON, WATCHES, Call, Right, _rights

SERVE = MANIFESTS.parent / "serve"
# Where it calls, besides in web/; the inquiry is also what `why` does with a person's own rights.
MODULES = {"kube/run_watches.py", "kube/step_log.py", "inquiry/reading.py"}
ROLES = {"tekton-integrations-serve", "tekton-integrations-serve-logs"}
TABLE: dict[Call, tuple[int, set[Right]]] = {
    Call("kube/run_watches.py", "Source"): (1, _rights(TEKTON, RUNS, *WATCHES)),
    Call("kube/step_log.py", "stream"): (1, _rights("", "pods/log", "get")),
    Call("web/question.py", "get"): (1, _rights(TEKTON, RUNS, "get")),
    Call("web/listing.py", "get"): (2, _rights(TEKTON, RUNS, "get", "list")),
    Call("web/feeds.py", "Source"): (1, _rights(OURS, "integrationstatuses", *WATCHES)),
    Call("web/tokens.py", "review"): (
        1,
        _rights("authentication.k8s.io", "tokenreviews", "create")
        | _rights("authorization.k8s.io", "subjectaccessreviews", "create"),
    ),
    Call("inquiry/reading.py", "get"): (
        2,
        _rights(TEKTON, RUNS, "get", "list")
        | _rights(OURS, "integrationstatuses integrations providers notifications", "list")
        | _rights(LEASES, "leases", "list")
        | _rights("", "pods", "list"),
    ),
}
USED = set[Right]().union(*(rights for _, rights in TABLE.values()))
