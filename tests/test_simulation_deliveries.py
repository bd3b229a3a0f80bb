"""Runs told to an endpoint that fails, in virtual time: the whole controller. See hack/simulation/deliveries.py."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest

from hack.simulation.cloudevent import CLOUD_EVENT
from hack.simulation.deliveries import Channel, Delivered, Deliveries, delivered
from hack.simulation.sink import STORM, Told
from hack.simulation.slack import SLACK, shown
from hack.simulation.webhook import WEBHOOK, read
from tests.sizes import sized

SCENARIO = Deliveries(channel=WEBHOOK)
# Posts that may be under way at once: what a channel takes in one go.
UNDER_WAY = 4
SMALLER = replace(SCENARIO, runs=20, seconds=200.0, down=(50.0, 150.0), fails_over=(100.0,), again=False)


def verdict(found: Delivered) -> tuple[list[str], list[str], list[str], int]:
    return found.lost, found.stale, found.doubled, found.unsettled


@pytest.mark.sized
@pytest.mark.parametrize(
    "channel", [pytest.param(WEBHOOK, id="webhook"), pytest.param(CLOUD_EVENT, id="cloudevent", marks=pytest.mark.long)]
)
def test_nothing_is_lost_stale_or_under_two_ids_whatever_fails(channel: Channel) -> None:
    """Five minutes without the endpoint, 10 % refused, 1 % answered too late, two kills; then all is told again."""
    found = delivered(replace(SCENARIO, channel=channel, runs=sized(100, 300)))
    assert verdict(found) == ([], [], [], 0)
    assert found.messages == 3 * found.runs
    assert found.told_again >= found.messages
    assert found.statuses[429] > 20
    assert found.unreached > 10
    assert found.repeats > 3


def test_a_sound_endpoint_is_told_each_once_and_soon() -> None:
    found = delivered(replace(SMALLER, down=(0.0, 0.0), mishaps=(), fails_over=()))
    assert verdict(found) == ([], [], [], 0)
    assert (found.messages, found.repeats, found.statuses) == (60, 0, {200: 60})
    assert found.largest < 5


@pytest.mark.long
def test_the_same_seed_gives_the_same_figures() -> None:
    alone = replace(SMALLER, fails_over=())  # in what order a process that is killed ends its tasks is not known
    first, again = (msgspec.structs.replace(delivered(alone), cpu=0.0) for _ in range(2))
    assert first == again


def test_what_is_lost_would_be_noticed() -> None:
    """An endpoint that takes nothing for as long as one has patience."""
    found = delivered(replace(SMALLER, runs=5, fails_over=(), down=(0.0, 1e9), patience=2000.0))
    assert (len(found.lost), found.unsettled) == (15, 5)


def test_a_second_id_a_wrong_order_and_another_end_would_be_noticed() -> None:
    calls = itertools.count()

    def each_its_own(headers: Mapping[str, str], body: bytes) -> Told:
        told = read(headers, body)
        return told._replace(id=str(next(calls)), sequence=-told.sequence, state="Running")

    channel = replace(WEBHOOK, read=each_its_own)
    found = delivered(replace(SMALLER, channel=channel, runs=5, again=True, fails_over=(), down=(0.0, 0.0), mishaps=()))
    assert (len(found.lost), len(found.doubled), len(found.stale)) == (0, 15, 10)


def test_the_storm_refuses_one_call_in_ten() -> None:
    assert sum(mishap.part for mishap in STORM if mishap.status != 200) == pytest.approx(0.1)


@pytest.mark.sized
def test_a_channel_shows_each_run_as_it_ended_and_one_card_too_many_for_a_lost_answer_at_most() -> None:
    """Slack has no look-up, so what was cut may stand there twice."""
    found = shown(Deliveries(channel=SLACK, runs=sized(60, 300), again=False))
    assert (found.lost, found.stale, found.unsettled) == ([], [], 0)
    # Each process that is killed takes with it the answers that were under way.
    assert found.surplus <= found.cut + 2 * UNDER_WAY
    assert found.cards == found.runs + found.surplus
    assert found.refused > 20
    assert found.unreached > 10
