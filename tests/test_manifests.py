"""What the roles in manifests/ must never grant."""

import re
from collections.abc import Iterator
from typing import Any

from hack.testbed.apply import manifests
from tests import rights
from tests.conftest import MANIFESTS

READS = {"get", "list", "watch"}
Object = dict[str, Any]
OBJECTS = list(manifests(MANIFESTS))


def of_kind(*kinds: str) -> list[Object]:
    return [each for each in OBJECTS if each["kind"] in kinds]


def verbs(roles: list[Object], group: str, resource: str) -> set[str]:
    rules = [rule for role in roles for rule in role["rules"]]
    found = [rule for rule in rules if group in rule["apiGroups"] and (not resource or resource in rule["resources"])]
    return {verb for rule in found for verb in rule["verbs"]}


def bound_everywhere() -> Iterator[Object]:
    names = {binding["roleRef"]["name"] for binding in of_kind("ClusterRoleBinding")}
    yield from (role for role in of_kind("ClusterRole") if role["metadata"]["name"] in names)


def test_nobody_gets_to_write_runs() -> None:
    assert verbs(of_kind("Role", "ClusterRole"), "tekton.dev", "") == READS


def test_secrets_are_read_in_single_namespaces_only_and_never_written() -> None:
    assert verbs(list(bound_everywhere()), "", "secrets") == set()
    assert verbs(of_kind("Role", "ClusterRole"), "", "secrets") == READS


def test_leases_and_integrations_are_written_in_the_controllers_namespace_only() -> None:
    everywhere = list(bound_everywhere())
    assert verbs(everywhere, "coordination.k8s.io", "") == set()
    assert verbs(everywhere, "integrations.tekton.dev", "integrations") == set()
    assert verbs(of_kind("Role"), "coordination.k8s.io", "leases") == READS | {"create", "update"}
    assert verbs(of_kind("Role"), "integrations.tekton.dev", "integrations") == READS | {"create", "patch"}


def test_of_providers_the_controller_writes_the_status_only() -> None:
    everywhere = list(bound_everywhere())
    assert verbs(everywhere, "integrations.tekton.dev", "providers") == {"list", "watch"}
    assert verbs(everywhere, "integrations.tekton.dev", "providers/status") == {"patch"}


def test_of_notifications_the_controller_writes_the_status_only_and_editors_the_rest() -> None:
    everywhere = list(bound_everywhere())
    assert verbs(everywhere, "integrations.tekton.dev", "notifications") == {"list", "watch"}
    assert verbs(everywhere, "integrations.tekton.dev", "notifications/status") == {"patch"}
    editors = [role for role in of_kind("ClusterRole") if role["metadata"]["name"] == "tekton-integrations-edit"]
    assert verbs(editors, "integrations.tekton.dev", "notifications") == {"create", "update", "patch", "delete"}


def test_people_get_to_read_records_and_no_role_lets_them_write_these() -> None:
    people = [role for role in of_kind("ClusterRole") if rights.aggregated(role)]
    assert len(people) == 3
    assert verbs(people, "integrations.tekton.dev", "integrationstatuses") == READS
    assert verbs(people, "integrations.tekton.dev", "integrations") == READS


def test_no_rule_has_a_wildcard() -> None:
    rules = [rule for role in of_kind("Role", "ClusterRole") for rule in role["rules"]]
    assert [rule for rule in rules if "*" in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]] == []


def test_each_way_to_install_stands_in_the_docs() -> None:
    root = MANIFESTS.parent
    ways = {str(path.parent.relative_to(root)) for path in root.glob("*s/*/kustomization.yaml")} | {"base"}
    told = set(re.findall(r"^\| `([a-z/-]+)/` \|", (root.parent / "docs" / "install.md").read_text(), re.MULTILINE))
    assert ways - told == set()
