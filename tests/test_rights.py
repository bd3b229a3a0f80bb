"""What the code asks of the API server, and what manifests/ grant to it, are the same."""

from collections import Counter

from hack.testbed.apply import manifests
from tests import rights
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
        if each["kind"] == "ClusterRole" and (each["metadata"]["name"] in bound or each["metadata"].get("labels"))
    ]
    assert {each["metadata"]["name"] for each in everywhere} >= {"tekton-integrations", "tekton-integrations-view"}
    rules = [rule for role in everywhere for rule in role["rules"]]
    kept = {"secrets", "pods", "pods/log", "pods/exec", "serviceaccounts/token", "*"}
    assert [rule for rule in rules if kept & set(rule["resources"]) or "*" in rule["apiGroups"]] == []
