"""What doctors look for, as far as no cluster is needed: the same rights as manifests/, fields that a definition lacks,
reports that got stuck, Providers and clocks."""

import copy
import time
from email.utils import formatdate
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hack.testbed.apply import manifests
from tekton_integrations.diagnosis import Level
from tekton_integrations.diagnosis.clocks import clock
from tekton_integrations.diagnosis.definitions import KINDS, POLICIES, lacks
from tekton_integrations.diagnosis.findings import Looker, Unread
from tekton_integrations.diagnosis.notifications import decode, in_order
from tekton_integrations.diagnosis.providers import standing
from tekton_integrations.diagnosis.records import stuck
from tekton_integrations.diagnosis.rights import AT_HOME, EVERYWHERE, LOGS, SECRETS
from tekton_integrations.diagnosis.working import working
from tekton_integrations.kube.client import ApiError
from tekton_integrations.provider import Grant, Provider
from tekton_integrations.record import Condition, Record, RunRef
from tekton_integrations.standing import Standing, Verdict
from tests import rights
from tests.conftest import MANIFESTS

NOW = 1_800_000_000.0
RECORD = Record(
    namespace="team-a",
    name="x",
    run=RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="build", uid="1"),
    integration="github",
)
PROVIDER = Provider(
    namespace="team-a",
    name="github",
    uid="1",
    resource_version="1",
    generation=2,
    type="GitHubApp",
    endpoint="",
    grants=(Grant(namespaces=("*",), targets=("acme/*",)),),
    spec={},
)


def test_the_rights_that_are_asked_about_are_those_that_manifests_grant() -> None:
    roles = [each for each in manifests(MANIFESTS) if each["kind"] in ("Role", "ClusterRole")]
    for table, kind, name in (
        (EVERYWHERE, "ClusterRole", "tekton-integrations"),
        (AT_HOME, "Role", "tekton-integrations"),
        (SECRETS, "ClusterRole", "tekton-integrations-secrets"),
        (LOGS, "ClusterRole", "tekton-integrations-logs"),
    ):
        [role] = [each for each in roles if (each["kind"], each["metadata"]["name"]) == (kind, name)]
        granted = {
            (group, resource, verb)
            for rule in role["rules"]
            for group in rule["apiGroups"]
            for resource in rule["resources"]
            for verb in rule["verbs"]
        }
        assert set(table) == granted
    assert {tuple(each) for each in (*EVERYWHERE, *AT_HOME, *SECRETS, *LOGS)} == {tuple(each) for each in rights.USED}


def test_the_definitions_and_policies_that_are_looked_for_are_those_of_manifests() -> None:
    named = {(each["kind"], each["metadata"]["name"]) for each in manifests(MANIFESTS)}
    assert {name.partition(".")[0] for kind, name in named if kind == "CustomResourceDefinition"} == set(KINDS)
    assert {name for kind, name in named if kind == "ValidatingAdmissionPolicy"} == set(POLICIES)


def _schema(plural: str = "integrationstatuses") -> Any:
    [found] = [each for each in manifests(MANIFESTS) if each["metadata"]["name"].startswith(f"{plural}.")]
    return copy.deepcopy(found["spec"]["versions"][0]["schema"]["openAPIV3Schema"])


def test_a_definition_that_would_drop_what_is_written_is_found_out() -> None:
    schema = _schema()
    assert [lacks(each, _schema(each)) for each in KINDS] == [set()] * len(KINDS)
    del schema["properties"]["status"]["properties"]["sources"]
    del schema["properties"]["status"]["properties"]["target"]["properties"]["endpoint"]
    del schema["properties"]["status"]["properties"]["conditions"]["items"]["properties"]["observedGeneration"]
    dropped = lacks("integrationstatuses", schema)
    assert dropped == {"status.sources", "status.target.endpoint", "status.conditions.observedGeneration"}
    older = _schema("notifications")
    del older["properties"]["spec"]["properties"]["template"]
    assert lacks("notifications", older) == {"spec.template"}


def test_what_was_given_up_and_what_is_overdue_is_told_with_its_cure() -> None:
    refused = replace(RECORD, condition=Condition(status="False", reason="NotGranted"))
    records = [refused] * 5 + [replace(RECORD, next_attempt=NOW - 3600), replace(RECORD, next_attempt=NOW - 60)]
    given_up, overdue, counted = stuck(records, NOW)
    assert (given_up.level, overdue.level, counted.level) == (Level.WARNING, Level.PROBLEM, Level.OK)
    assert given_up.said.startswith("5 given up for NotGranted: team-a/build")
    assert "spec.grants" in given_up.cure
    assert overdue.said.startswith("1 should have been tried again")
    assert counted.said == "7 in all, of which 2 go on"
    assert [each.level for each in stuck([replace(refused, integration="scan.example.com")], NOW)] == [Level.OK]


def _verdict(status: str, generation: int = 2) -> Standing:
    return Standing(
        verdict=Verdict(status=status, reason="Forbidden", message="give it", since=1.0, generation=generation)
    )


@pytest.mark.parametrize(
    ("changes", "level", "words"),
    [
        ({}, Level.WARNING, "was not tried yet"),
        ({"standing": _verdict("True", 1)}, Level.WARNING, "was not tried yet"),
        ({"standing": _verdict("False")}, Level.PROBLEM, "Forbidden"),
        ({"standing": _verdict("True"), "grants": ()}, Level.WARNING, "grants nothing"),
        ({"standing": _verdict("True")}, Level.OK, "its credential does"),
    ],
)
def test_a_provider_is_as_it_says_itself(changes: dict[str, Any], level: Level, words: str) -> None:
    [found] = standing([replace(PROVIDER, **changes)])
    assert found.level is level
    assert words in found.said
    assert level is Level.OK or found.cure


def test_without_a_provider_nothing_is_reported() -> None:
    [found] = standing([])
    assert (found.level, found.subject) == (Level.WARNING, "Providers")


def _notification(name: str, *conditions: dict[str, str]) -> Any:
    said = {"metadata": {"namespace": "team-a", "name": name}, "status": {"conditions": conditions}}
    return decode(msgspec.Raw(msgspec.json.encode(said)))


def test_a_notification_that_is_not_in_order_says_itself_what_to_mend() -> None:
    bad = {"type": "Ready", "status": "False", "reason": "NoProvider", "message": "create it"}
    notifications = [
        _notification("good", {"type": "Ready", "status": "True"}),
        _notification("bad", bad),
        _notification("new"),
    ]
    found = {each.subject: (each.level, each.cure) for each in in_order(notifications)}
    assert found["Notification team-a/bad"] == (Level.PROBLEM, "create it")
    assert found["Notification team-a/new"][0] is Level.WARNING
    assert found["Notifications"] == (Level.OK, "")
    assert in_order([]) == []


def test_a_clock_that_is_wrong_is_told_in_seconds() -> None:
    assert clock(formatdate(usegmt=True)).level is Level.OK
    late = clock(formatdate(time.time() - 90, usegmt=True))
    assert late.level is Level.WARNING
    assert "by -" in late.said
    assert clock("").level is clock("yesterday").level is Level.UNKNOWN


async def test_a_controller_of_another_version_is_told_and_one_s_own_integration_has_its_own() -> None:
    told = {
        "github": {"packageVersion": "0.1.0"},
        "slack": {"packageVersion": "0.2.0"},
        "theirs": {"packageVersion": "7.3"},
    }
    ready = {"conditions": [{"type": "Ready", "status": "True", "message": "reports are made"}]}
    items = [{"metadata": {"name": name}, "status": said | ready} for name, said in told.items()]

    class Known(Looker):
        async def listed(self, path: str, what: str, decode: Any) -> Any:
            if "leases" in path:
                raise Unread(what, ApiError(403, "Forbidden", "may not list leases"))
            return [decode(msgspec.Raw(msgspec.json.encode(each))) for each in items]

    found = await working(Known(None), "home", {"github": "0.1.0", "slack": "0.1.0"}, NOW)  # type: ignore[arg-type]
    levels = {each.subject: each.level for each in found}
    assert levels["controller"] is Level.UNKNOWN
    assert levels["integration github"] is levels["integration theirs"] is Level.OK
    assert levels["integration slack"] is Level.WARNING
