"""When a record tells that a call may have been sent, besides by its reason MaybeSent."""

from typing import Any

from hack.chaos.witness import made_again


def said(number: int, begun: int, **more: str) -> dict[str, Any]:
    """Announced at 10:00 and so many seconds, with half a minute to take effect."""
    intent = {"id": f"{number}", "startTime": f"10:00:{begun:02}", "deadline": f"10:00:{begun + 30:02}"}
    return {"intent": intent, **more}


LOOK = {"verifyTime": "10:01:20"}


def test_a_call_that_follows_one_whose_time_is_over_may_be_the_second() -> None:
    assert made_again(said(1, 0), said(2, 30, **LOOK))


def test_the_same_call_an_answered_one_and_one_that_has_time_left_say_nothing() -> None:
    assert not made_again({}, said(1, 0, **LOOK))
    assert not made_again(said(1, 0), said(1, 0, **LOOK))
    assert not made_again(said(1, 0), {"annotations": {"ts": "1"}, **LOOK})
    # Within one piece of work the first was answered.
    assert not made_again(said(1, 0), said(2, 1, **LOOK))
    assert not made_again(said(1, 0), said(2, 31))
