"""Names, ids and times of records."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations.record import (
    FORMAT,
    Attempt,
    Condition,
    Record,
    RunRef,
    Target,
    external_id,
    format_of,
    labels_of,
    record_name,
    rfc3339,
    seconds,
)
from tests.calm import calmly

SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\Z")
LABEL_KEY = re.compile(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\Z")
RUN_NAMES = ["a", "a.b", "x" * 63, "1.2-3", "a" + ".b" * 31]
NEW = Record(
    namespace="team-a",
    name="a-github-0f0f0f0f",
    run=RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="a", uid="u"),
    integration="github",
)


def changed(**changes: object) -> Record:
    return Record(**{field: getattr(NEW, field) for field in NEW.__struct_fields__} | changes)


@pytest.mark.parametrize("run", RUN_NAMES)
@pytest.mark.parametrize("integration", ["github", "x" * 40])
def test_a_record_s_name_is_one_that_kubernetes_takes(run: str, integration: str) -> None:
    name = record_name(run, "0b0c7d4e-6a7c-4d1e-9f0a-1c2d3e4f5a6b", integration, "team-notification")
    assert SUBDOMAIN.match(name)
    assert name.startswith(f"{run}-{integration}-")


def test_records_of_different_things_have_different_names() -> None:
    things = [("a", "u", "github", ""), ("a", "v", "github", ""), ("a", "u", "slack", ""), ("a", "u", "github", "n")]
    assert len({record_name(*thing) for thing in things}) == len(things)


def test_a_record_s_name_is_always_the_same() -> None:
    assert record_name("a", "u", "github") == "a-github-e6f1cffb"


def test_an_external_id_is_always_the_same() -> None:
    """What an older version made at the remote is found by it."""
    assert external_id(NEW) == "11795ea552157a463895294f319921aa"


@calmly
@given(st.text(), st.text(), st.text())
def test_an_external_id_is_opaque_and_differs_with_each_of_its_parts(uid: str, integration: str, more: str) -> None:
    def made(namespace: str = "n", uid: str = uid, integration: str = integration, notification: str = "") -> str:
        run = RunRef(api_version="tekton.dev/v1", kind="PipelineRun", name="a", uid=uid)
        record = Record(namespace=namespace, name="a", run=run, integration=integration, notification=notification)
        return external_id(record)

    one = made()
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert one == made()
    assert one != made(namespace="m")
    assert one != made(uid=uid + "x")
    assert one != made(integration=integration + "x")
    assert one != made(notification=f"x{more}")


@pytest.mark.parametrize("run", RUN_NAMES)
@pytest.mark.parametrize("kind", ["PipelineRun", "TaskRun", "CustomRun"])
def test_labels_are_ones_that_kubernetes_takes(run: str, kind: str) -> None:
    target = Target(resource="acme/api", name="ü", labels={"sha": "f" * 40, "repository-hash": "0" * 16})
    labels = labels_of(changed(run=RunRef(api_version="v1", kind=kind, name=run, uid="u"), target=target))
    assert labels[f"tekton.dev/{kind[0].lower()}{kind[1:]}"] == run
    assert labels["integrations.tekton.dev/integration"] == "github"
    assert labels["integrations.tekton.dev/sha"] == "f" * 40
    for key, value in labels.items():
        assert LABEL_KEY.match(key)
        assert LABEL_VALUE.match(value)


@calmly
@given(st.floats(0, 4e9))
def test_times_keep_milliseconds_or_seconds(seconds: float) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", rfc3339(seconds))
    assert seconds - datetime.fromisoformat(rfc3339(seconds)).timestamp() == pytest.approx(0.0005, abs=0.00051)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", rfc3339(seconds, precise=False))


def test_a_record_is_new_until_it_was_written_and_lost_when_it_is_gone() -> None:
    written = Condition(status="Unknown", reason="InProgress", last_transition=1.0)
    assert (NEW.new, NEW.lost) == (True, False)
    stored = changed(resource_version="7", condition=written)
    assert (stored.new, stored.lost) == (False, False)
    gone = changed(condition=written)
    assert (gone.new, gone.lost) == (False, True)


@pytest.mark.parametrize(
    ("status", "given_up", "reported"), [("Unknown", False, False), ("False", True, False), ("True", False, True)]
)
def test_the_condition_tells_how_it_ended(status: str, given_up: bool, reported: bool) -> None:
    record = changed(condition=Condition(status=status, reason="Any"))
    assert (record.given_up, record.reported) == (given_up, reported)


@pytest.mark.parametrize(
    "trace",
    [
        {"memory": {"check-run-id": "1"}},
        {"observed_state": "Running"},
        {"intent": Attempt(id="a", holder="h", started=1.0, deadline=2.0)},
        {"verify_after": 1.0},
    ],
)
def test_whatever_may_stand_at_the_remote_is_a_trace(trace: dict[str, object]) -> None:
    assert not NEW.traces
    assert changed(**trace).traces


@pytest.mark.parametrize(
    ("status", "owned", "settled"), [("True", True, True), ("True", False, False), ("False", True, False)]
)
def test_a_record_is_settled_when_it_is_reported_and_its_run_s(status: str, owned: bool, settled: bool) -> None:
    record = changed(condition=Condition(status=status, reason="Any"), owned=owned)
    assert record.settled is settled


def test_what_a_newer_controller_wrote_is_not_readable() -> None:
    assert changed(format=FORMAT).readable
    assert not changed(format=FORMAT + 1).readable


def test_an_open_record_is_one_of_a_name_with_a_dot() -> None:
    assert changed(integration="scan.example.com").open
    assert not NEW.open


def test_the_format_is_the_lowest_that_says_it_all() -> None:
    target = Target(resource="acme/api", name="build")
    assert format_of(NEW) == format_of(changed(target=target)) == 1
    assert format_of(changed(target=Target(resource="acme/api", name="build", endpoint="https://a.example"))) == 2


def test_the_address_of_a_target_leaves_out_its_labels() -> None:
    one = Target(resource="acme/api", name="build", detail="f" * 40, labels={"sha": "f"}, endpoint="https://a.example")
    assert one.address == ("acme/api", "build", "f" * 40, "https://a.example")


def test_a_time_that_is_not_there_stays_so() -> None:
    assert seconds(None) is None
    assert seconds(datetime.fromisoformat("1970-01-01T00:00:01.500Z")) == 1.5


def test_a_record_without_a_target_has_the_labels_of_its_run_alone() -> None:
    assert labels_of(NEW) == {"tekton.dev/pipelineRun": "a", "integrations.tekton.dev/integration": "github"}
