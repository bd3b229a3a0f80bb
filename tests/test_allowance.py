"""What is known of a scope's limits: to and from a Provider's status, and what of it is worth a write."""

import json

import msgspec
import pytest

from tekton_integrations.allowance import Allowance, decode_allowances, differ, encode_allowances, graver
from tekton_integrations.provider import decode_provider

NOW = 1_800_000_000.0
FULL = Allowance(
    scope="acme",
    limit=5000,
    remaining=4000,
    reset_time=NOW + 1800,
    blocked_until=NOW + 60.25,
    writes_per_second=0.5,
    refused_time=NOW,
    full_time=NOW + 30,
)


def changed(**fields: object) -> tuple[Allowance]:
    return (msgspec.structs.replace(FULL, **fields),)


def test_it_reads_well_in_the_status() -> None:
    [written] = encode_allowances([FULL])
    assert written == {
        "scope": "acme",
        "limit": 5000,
        "remaining": 4000,
        "resetTime": "2027-01-15T08:30:00Z",
        "blockedUntil": "2027-01-15T08:01:01Z",
        "writesPerSecond": 0.5,
        "refusedTime": "2027-01-15T08:00:00Z",
        "fullTime": "2027-01-15T08:00:30Z",
    }
    assert encode_allowances([Allowance(scope="")]) == [{"scope": ""}]


def test_it_comes_back_as_it_was_and_never_early() -> None:
    raw = msgspec.json.encode({"allowances": encode_allowances([FULL])})
    assert decode_allowances(msgspec.Raw(raw)) == changed(blocked_until=NOW + 61)


@pytest.mark.parametrize(
    "status", ["{}", '{"allowances": [{"limit": 3}]}', '{"allowances": 7}', '{"other": 1}', "null"]
)
def test_a_status_that_cannot_be_read_keeps_no_provider_from_being_used(status: str) -> None:
    metadata = {"name": "github", "namespace": "team-a", "uid": "u", "resourceVersion": "1"}
    body = {"metadata": metadata, "spec": {"type": "GitHubApp"}, "status": json.loads(status)}
    assert decode_provider(json.dumps(body).encode()).allowances == ()


@pytest.mark.parametrize(
    ("fields", "at_once"),
    [
        ({"blocked_until": NOW + 70}, True),
        ({"blocked_until": NOW + 61}, False),
        ({"blocked_until": None}, False),
        ({"writes_per_second": 0.25}, True),
        ({"writes_per_second": 0.6}, False),
        ({"writes_per_second": None}, False),
        ({"remaining": 0}, False),
        ({"scope": "other", "blocked_until": NOW + 30}, True),
        ({"scope": "other", "blocked_until": None, "writes_per_second": None}, False),
    ],
)
def test_only_what_would_let_others_call_wrongly_must_be_told_at_once(fields: dict[str, object], at_once: bool) -> None:
    assert graver([FULL], changed(**fields), NOW) is at_once


@pytest.mark.parametrize(
    ("fields", "worth"),
    [
        ({}, False),
        ({"remaining": 3751}, False),
        ({"remaining": 3749}, True),
        ({"limit": 15000}, True),
        ({"reset_time": NOW + 1804}, False),
        ({"reset_time": NOW + 5400}, True),
        ({"writes_per_second": 0.54}, False),
        ({"writes_per_second": 0.6}, True),
        ({"blocked_until": None}, True),
        ({"full_time": None}, False),
        ({"full_time": NOW + 1000}, True),
        ({"scope": "other"}, True),
    ],
)
def test_small_changes_are_not_worth_a_write(fields: dict[str, object], worth: bool) -> None:
    assert differ([FULL], changed(**fields), NOW) is worth


def test_a_block_that_has_ended_is_taken_out_of_the_status() -> None:
    assert differ([FULL], changed(blocked_until=None), NOW + 100)
    assert not graver([FULL], changed(blocked_until=NOW + 61), NOW + 100)
