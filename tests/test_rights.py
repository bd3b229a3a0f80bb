"""What the code asks of the API server, and what manifests/ grant to it, are the same."""

from collections import Counter

from hack.testbed.apply import manifests
from tests import rights, serve_rights
from tests.conftest import MANIFESTS


def test_each_call_in_the_code_stands_in_the_table() -> None:
    known = {call: count for call, (count, _) in rights.TABLE.items()}
    assert dict(Counter(rights.calls())) == known, "say in tests/rights.py which rights the new call takes"


def test_the_roles_grant_what_the_code_uses_and_nothing_else() -> None:
    granted = rights.granted()
    assert sorted(rights.USED - granted) == [], "used, but not granted in manifests/base/rbac.yaml"
    assert sorted(granted - rights.USED) == [], "granted in manifests/base/rbac.yaml, but used by no code"


def test_no_role_of_ours_gives_a_right_to_secrets_or_logs_everywhere() -> None:
    """Neither one that is bound for all namespaces, nor one that adds to what others have."""
    objects = list(manifests(MANIFESTS))
    bound = {each["roleRef"]["name"] for each in objects if each["kind"] == "ClusterRoleBinding"}
    everywhere = [
        each
        for each in objects
        if each["kind"] == "ClusterRole" and (each["metadata"]["name"] in bound or rights.aggregated(each))
    ]
    assert {each["metadata"]["name"] for each in everywhere} >= {"tekton-integrations", "tekton-integrations-view"}
    rules = [rule for role in everywhere for rule in role["rules"]]
    kept = {"secrets", "pods", "pods/log", "pods/exec", "serviceaccounts/token", "*"}
    assert [rule for rule in rules if kept & set(rule["resources"]) or "*" in rule["apiGroups"]] == []


def test_each_call_of_the_service_stands_in_its_table() -> None:
    known = {call: count for call, (count, _) in serve_rights.TABLE.items()}
    found = rights.calls_of(lambda module: module.startswith("web/") or module in serve_rights.MODULES)
    assert dict(Counter(found)) == known, "say in tests/serve_rights.py which rights the new call takes"


def test_the_services_roles_grant_what_it_uses_and_nothing_else() -> None:
    granted = rights.granted(serve_rights.SERVE, serve_rights.ROLES)
    assert sorted(serve_rights.USED - granted) == [], "used, but not granted in manifests/serve/rbac.yaml"
    assert sorted(granted - serve_rights.USED) == [], "granted in manifests/serve/rbac.yaml, but used by no code"


def test_the_service_has_no_right_to_secrets_and_to_logs_only_where_a_namespace_gives_it() -> None:
    objects = list(manifests(serve_rights.SERVE))
    bound = {each["roleRef"]["name"] for each in objects if each["kind"].endswith("RoleBinding")}
    assert bound == {"tekton-integrations-serve"}
    rules = [rule for role in rights.roles(serve_rights.SERVE, bound) for rule in role["rules"]]
    kept = {"secrets", "pods", "pods/log", "pods/exec", "serviceaccounts/token", "*"}
    assert [rule for rule in rules if kept & set(rule["resources"])] == []
    every = rights.roles(serve_rights.SERVE, serve_rights.ROLES)
    assert not any("secrets" in rule["resources"] for role in every for rule in role["rules"])
    assert not any(map(rights.aggregated, every))
