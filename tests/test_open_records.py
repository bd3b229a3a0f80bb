"""What an open record says, made by whoever keeps it; and that what would be refused is said before."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.open_records import Entry, OpenRecordError, OpenRecords, body, problem
from tekton_integrations.record import RunRef, record_name
from tests.conftest import MANIFESTS
from tests.fakes.object_server import ObjectServer
from tests.kube.watched import no_authorization

RUN = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="demo", uid="u-1")
ENTRY = Entry(namespace="team-a", run="demo", integration="scan.example.com")
RUNS = "/apis/tekton.dev/v1/namespaces/team-a/pipelineruns"
RECORDS = "/apis/integrations.tekton.dev/v1alpha1/namespaces/team-a/integrationstatuses"


def test_it_says_who_says_what_of_which_run_and_goes_with_that() -> None:
    entry = replace(ENTRY, status="False", reason="Vulnerable", message="2 findings", url="https://scan.example.com/7")
    made = body(replace(entry, annotations={"scan-id": "7"}), RUN, None, 1_000_000_000.0)
    ref = {"apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "name": "demo", "uid": "u-1"}
    assert made["metadata"] == {
        "namespace": "team-a",
        "name": "demo-scan.example.com",
        "labels": {"tekton.dev/pipelineRun": "demo", "integrations.tekton.dev/integration": "scan.example.com"},
        "ownerReferences": [ref],
    }
    assert made["spec"] == {"runRef": ref, "integration": "scan.example.com"}
    [condition] = made["status"].pop("conditions")
    assert condition == {
        "type": "Succeeded",
        "status": "False",
        "reason": "Vulnerable",
        "message": "2 findings",
        "lastTransitionTime": "2001-09-09T01:46:40.000Z",
    }
    assert made["status"] == {
        "name": "scan.example.com",
        "url": "https://scan.example.com/7",
        "annotations": {"scan-id": "7"},
    }


def test_what_is_not_said_anew_stays() -> None:
    first = body(replace(ENTRY, url="https://a.example", annotations={"a": "1", "b": "2"}), RUN, None, 100.0)
    first["metadata"]["resourceVersion"] = "7"
    same = body(replace(ENTRY, message="half", annotations={"a": "", "c": "3"}), RUN, first, 200.0)
    assert same["metadata"]["resourceVersion"] == "7"
    assert (same["status"]["url"], same["status"]["annotations"]) == ("https://a.example", {"b": "2", "c": "3"})
    before, now = first["status"]["conditions"][0], same["status"]["conditions"][0]
    assert now["lastTransitionTime"] == before["lastTransitionTime"]
    assert (before["reason"], now["message"]) == ("InProgress", "half")
    done = body(replace(ENTRY, status="True"), RUN, same, 300.0)["status"]["conditions"][0]
    assert done["lastTransitionTime"] != before["lastTransitionTime"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"integration": "github"}, "domain name"),
        ({"integration": "github.integrations.tekton.dev"}, "domain name"),
        ({"integration": "tekton.dev"}, "domain name"),
        ({"integration": "x.y-github-0f0f0f0f"}, "domain name"),
        ({"integration": "a" * 60 + ".com"}, "domain name"),
        ({"kind": "Pod"}, "--kind"),
        ({"status": "true"}, "--status"),
        ({"run": "../secrets/x"}, "can't be the name"),
        ({"reason": "not one word"}, "--reason"),
        ({"message": "x" * 4097}, "--message"),
        ({"url": "javascript:alert(1)"}, "--url"),
    ],
)
def test_what_would_be_refused_is_said_before(changes: dict[str, Any], word: str) -> None:
    assert word in problem(replace(ENTRY, **changes))
    assert problem(ENTRY) == ""


def test_no_name_of_an_open_record_can_be_one_that_the_controller_gives() -> None:
    open_name = re.compile(r"[.][a-z]{2,24}$")
    assert open_name.search(ENTRY.name)
    for run in ("demo", "demo-scan.example.com", "demo.com", "a.b"):
        for integration in ("github", "x" * 40, "com"):
            assert not open_name.search(record_name(run, "uid", integration))


def test_the_policy_knows_each_field_of_a_status() -> None:
    """One that comes to the definition has to be allowed or forbidden in open records."""
    [definition] = yaml.safe_load_all((MANIFESTS.parent / "crds" / "integrationstatuses.yaml").read_text())
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    policy = (MANIFESTS / "policy.yaml").read_text()
    forbidden = set(re.findall(r"has\(object\.status\.(\w+)\)", policy)) - {"name", "url"}
    allowed = {"name", "conditions", "annotations", "observedState", "observedGeneration", "url", "version"}
    assert forbidden | allowed == set(schema["properties"])
    assert not forbidden & allowed


@pytest.fixture
async def server() -> AsyncIterator[ObjectServer]:
    async with ObjectServer.started() as server:
        server.put(f"{RUNS}/demo", {"metadata": {"uid": "u-1"}})
        yield server


@pytest.fixture
async def records(server: ObjectServer) -> AsyncIterator[OpenRecords]:
    async with KubeClient(ClusterConfig(server.url, None, no_authorization)) as client:
        yield OpenRecords(client, lambda: 100.0)


async def test_the_record_of_a_former_run_of_the_same_name_makes_way(
    server: ObjectServer, records: OpenRecords
) -> None:
    await records.keep(replace(ENTRY, annotations={"of": "the old one"}))
    server.put(f"{RUNS}/demo-2", {"metadata": {"uid": "u-2"}})
    server.objects[f"{RUNS}/demo"]["metadata"]["uid"] = "u-2"
    await records.keep(ENTRY)
    stored = server.objects[f"{RECORDS}/demo-scan.example.com"]
    assert stored["metadata"]["ownerReferences"][0]["uid"] == stored["spec"]["runRef"]["uid"] == "u-2"
    assert stored["status"]["annotations"] == {}


async def test_a_run_that_is_not_there_is_said(records: OpenRecords) -> None:
    with pytest.raises(OpenRecordError, match="there is no PipelineRun other in namespace team-a"):
        await records.keep(replace(ENTRY, run="other"))


async def test_two_that_write_at_once_lose_nothing(server: ObjectServer, records: OpenRecords) -> None:
    """Each builds on what the other wrote."""
    await asyncio.gather(*(records.keep(replace(ENTRY, annotations={f"k{n}": str(n)})) for n in range(4)))
    stored = server.objects[f"{RECORDS}/demo-scan.example.com"]
    assert stored["status"]["annotations"] == {f"k{n}": str(n) for n in range(4)}
