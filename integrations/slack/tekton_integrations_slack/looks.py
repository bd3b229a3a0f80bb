"""In which colour, sign and word a card shows each state of a run. Pure."""

from collections.abc import Mapping

import msgspec

from tekton_integrations import State


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """`color` is that of the bar beside the card: https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments
    (names like `danger` are not shown where an attachment has blocks)."""

    color: str
    sign: str
    word: str


_GREY, _BLUE, _GREEN, _RED, _YELLOW = "#868686", "#1d9bd1", "#2eb67d", "#e01e5a", "#ecb22e"

LOOKS: Mapping[State, Look] = {
    State.QUEUED: Look(color=_GREY, sign="⏳", word="Waiting"),
    State.RUNNING: Look(color=_BLUE, sign="🔵", word="Running"),
    State.SUCCEEDED: Look(color=_GREEN, sign="✅", word="Succeeded"),
    State.SKIPPED: Look(color=_GREY, sign="⏭", word="Skipped"),
    State.FAILED: Look(color=_RED, sign="❌", word="Failed"),
    State.FAILURE_IGNORED: Look(color=_YELLOW, sign="⚠️", word="Failed, ignored"),
    State.COULD_NOT_START: Look(color=_RED, sign="❌", word="Could not start"),
    State.CANCELLED: Look(color=_GREY, sign="🚫", word="Cancelled"),
    State.TIMED_OUT: Look(color=_RED, sign="⏰", word="Timed out"),
}
