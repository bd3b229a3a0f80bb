"""What GitHub is told of each state."""

import pytest
from tekton_integrations_github.states import LOOKS

from tekton_integrations import State


@pytest.mark.parametrize("state", State)
def test_every_state_is_shown(state: State) -> None:
    look = LOOKS[state]
    assert (look.status == "completed") == state.final == (look.conclusion is not None)
    assert (look.commit == "pending") == (not state.final) == (look.deployment in ("queued", "in_progress"))
    assert str(state) not in (look.word, look.verb) or str(state).isalpha()


@pytest.mark.parametrize("state", [each for each in State if each.red or each is State.CANCELLED])
def test_what_failed_never_satisfies_a_required_check(state: State) -> None:
    look = LOOKS[state]
    assert look.conclusion not in ("success", "neutral", "skipped")
    assert look.commit in ("failure", "error")
    assert look.deployment in ("failure", "error")


def test_only_what_succeeded_counts_as_deployed() -> None:
    assert [state for state, look in LOOKS.items() if look.deployment == "success"] == [State.SUCCEEDED]
