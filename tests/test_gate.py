"""The way to one host: a cap, and a pause while it is down. Time is the test's."""

import asyncio
from contextlib import ExitStack, suppress

import pytest

from tekton_integrations import PermanentError, TemporaryError, Throttled
from tekton_integrations.gate import Gate
from tests.virtual_time import Clock, run

HOST = "127.0.0.5"


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate(HOST, cap=8, failures=3, clock=clock)


def call(gate: Gate, error: BaseException | None = None) -> None:
    """One call with this outcome, where it is let in."""
    with suppress(Down, PermanentError, Throttled, asyncio.CancelledError, ZeroDivisionError), gate.admitted():
        if error is not None:
            raise error


class Down(TemporaryError):
    def __init__(self) -> None:
        super().__init__("Unreachable", "no connection", down=True)


def fail(gate: Gate, times: int = 3) -> None:
    for _ in range(times):
        call(gate, Down())


def refusal(gate: Gate) -> TemporaryError:
    with pytest.raises(TemporaryError) as caught, gate.admitted():
        raise AssertionError("let in")
    return caught.value


def pause(gate: Gate) -> float:
    """Seconds until it may be tried."""
    return gate.wait()


def test_so_many_are_let_in_at_once_and_whoever_is_refused_is_told_where_to_wait(gate: Gate) -> None:
    with ExitStack() as stack:
        for left in range(8, 0, -1):
            assert (gate.wait(), gate.openings()) == (0, left)
            stack.enter_context(gate.admitted())
        error = refusal(gate)
        assert (gate.openings(), error.reason, error.at) == (0, "Throttled", gate)
        assert error.message == f"8 calls to {HOST} are under way"
        assert 0 < gate.wait() == error.delay
    assert (gate.wait(), gate.openings()) == (0, 8)


def test_whoever_listens_is_told_once_when_a_call_ends(gate: Gate) -> None:
    told = []
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(gate.admitted())
        gate.on_open(lambda: told.append(gate.openings()))
        assert told == []
    assert told == [1]


def test_failures_in_a_row_close_it(gate: Gate) -> None:
    fail(gate, 2)
    assert gate.openings() == 8
    fail(gate, 1)
    error = refusal(gate)
    assert (error.reason, error.at, error.delay) == ("ServiceDown", gate, gate.wait())
    assert error.message == f"{HOST} has failed 3 times in a row; tried again in {gate.wait():.0f} s"
    assert gate.openings() == 0


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        PermanentError("Forbidden", "no"),
        Throttled("slow down", 5),
        TemporaryError("CredentialRefused", "no"),
        ZeroDivisionError(),
    ],
    ids=str,
)
def test_any_other_outcome_shows_that_it_is_up(gate: Gate, outcome: Exception | None) -> None:
    for _ in range(5):
        fail(gate, 2)
        with suppress(TemporaryError):
            call(gate, outcome)
    assert gate.openings() == 8


def test_a_cancelled_call_tells_nothing(gate: Gate) -> None:
    fail(gate, 2)
    call(gate, asyncio.CancelledError())
    fail(gate, 1)
    assert gate.openings() == 0


@pytest.mark.parametrize(
    "outcome",
    [
        TemporaryError("Stalled", "this process was paused", 1.0),
        TemporaryError("MaybeSent", "looking again", 5.0, maybe_sent=True),
        Throttled("kept below the limit", 5.0, at=Gate("another")),
    ],
    ids=lambda outcome: outcome.reason,
)
def test_what_was_refused_before_any_call_tells_nothing(gate: Gate, clock: Clock, outcome: TemporaryError) -> None:
    def refused() -> None:
        with suppress(TemporaryError), gate.admitted():
            raise outcome

    fail(gate, 2)
    refused()
    fail(gate, 1)
    assert gate.openings() == 0
    clock.now += pause(gate)
    refused()
    assert gate.openings() == 0
    clock.now += pause(gate)
    refused()
    clock.now += pause(gate)
    call(gate)
    assert gate.openings() == 2


@pytest.mark.parametrize(
    "outcome", [None, PermanentError("R", "no"), TemporaryError("R", "later"), ZeroDivisionError()]
)
def test_work_that_called_nobody_tells_nothing(gate: Gate, clock: Clock, outcome: Exception | None) -> None:
    def idle() -> None:
        with suppress(PermanentError, TemporaryError, ZeroDivisionError), gate.admitted(lambda: False):
            if outcome is not None:
                raise outcome

    fail(gate, 2)
    idle()
    fail(gate, 1)
    assert pause(gate) > 0
    clock.now += pause(gate)
    idle()
    assert 0 < pause(gate) <= 1, "somebody else is to try"
    clock.now += pause(gate)
    call(gate)
    assert pause(gate) == 0


def test_the_pauses_double_up_to_five_minutes(gate: Gate, clock: Clock) -> None:
    fail(gate)
    for full in (5, 10, 20, 40, 80, 160, 300, 300, 300):
        assert full / 2 <= pause(gate) <= full
        clock.now += pause(gate)
        call(gate, Down())


def test_after_the_pause_one_call_goes_first(gate: Gate, clock: Clock) -> None:
    fail(gate)
    clock.now += pause(gate)
    assert (gate.wait(), gate.openings()) == (0, 1)
    with gate.admitted():
        assert gate.openings() == 0
        error = refusal(gate)
        assert (error.reason, error.message) == (
            "ServiceDown",
            f"{HOST} has failed 3 times in a row; being tried again now",
        )


def test_once_it_answers_it_is_let_in_gradually(gate: Gate, clock: Clock) -> None:
    fail(gate)
    clock.now += pause(gate)
    openings = []
    for _ in range(5):
        call(gate)
        openings.append(gate.openings())
    assert openings == [2, 4, 8, 8, 8]


def test_whoever_listens_is_told_when_the_first_call_went_well(gate: Gate, clock: Clock) -> None:
    told = []
    fail(gate)
    gate.on_open(lambda: told.append(gate.openings()))
    clock.now += pause(gate)
    call(gate, Down())
    assert told == []
    clock.now += pause(gate)
    call(gate)
    assert told == [2]


def test_a_first_call_that_is_cancelled_leaves_the_try_to_another(gate: Gate, clock: Clock) -> None:
    fail(gate)
    clock.now += pause(gate)
    call(gate, asyncio.CancelledError())
    assert gate.openings() == 0
    clock.now += pause(gate)
    assert gate.openings() == 1
    call(gate)
    assert gate.openings() == 2


def test_calls_that_began_before_the_pause_do_not_make_it_longer_or_end_it(gate: Gate, clock: Clock) -> None:
    with suppress(Down), gate.admitted():
        with gate.admitted():
            fail(gate)
        assert gate.openings() == 0
        before = pause(gate)
        raise Down
    assert pause(gate) == before
    with suppress(Down):
        clock.now += pause(gate)
        with gate.admitted():
            pass
    assert gate.openings() == 2


def test_a_host_that_comes_back_only_half_is_left_alone_for_longer_each_time(gate: Gate, clock: Clock) -> None:
    fail(gate)
    for full in (10, 20, 40):
        clock.now += pause(gate)
        call(gate)
        fail(gate)
        assert full / 2 <= pause(gate) <= full
    clock.now += pause(gate)
    for _ in range(3):
        call(gate)
    fail(gate)
    assert pause(gate) <= 5


def test_it_holds_around_awaited_calls_too() -> None:
    async def one(gate: Gate) -> None:
        with gate.admitted():
            await asyncio.sleep(1)

    async def scene() -> None:
        gate = Gate(HOST, cap=2, clock=asyncio.get_running_loop().time)
        results = await asyncio.gather(*(one(gate) for _ in range(3)), return_exceptions=True)
        assert [type(result) for result in results] == [type(None), type(None), Throttled]
        assert gate.openings() == 2

    run(scene())
