"""What GitHub is told of each state of a run, and the words and signs in which people read it. Pure."""

from collections.abc import Mapping

import msgspec

from tekton_integrations import State


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A check run's status and conclusion; the state of a commit status, which knows fewer words, and of a deployment;
    then sign and word of a row in a table, and what a sentence says of the run."""

    status: str = "completed"
    conclusion: str | None
    commit: str
    deployment: str
    sign: str
    word: str
    verb: str


LOOKS: Mapping[State, Look] = {
    State.QUEUED: Look(
        status="queued",
        conclusion=None,
        commit="pending",
        deployment="queued",
        sign="⏳",
        word="Waiting",
        verb="is waiting to run",
    ),
    State.RUNNING: Look(
        status="in_progress",
        conclusion=None,
        commit="pending",
        deployment="in_progress",
        sign="⏳",
        word="Running",
        verb="is running",
    ),
    State.SUCCEEDED: Look(
        conclusion="success",
        commit="success",
        deployment="success",
        sign="✅",
        word="Succeeded",
        verb="succeeded",
    ),
    # Nothing was deployed, which is neither a success nor a failure.
    State.SKIPPED: Look(
        conclusion="skipped",
        commit="success",
        deployment="inactive",
        sign="⏭",
        word="Skipped",
        verb="had no task to run",
    ),
    State.FAILED: Look(
        conclusion="failure",
        commit="failure",
        deployment="failure",
        sign="❌",
        word="Failed",
        verb="failed",
    ),
    State.FAILURE_IGNORED: Look(
        conclusion="neutral",
        commit="success",
        deployment="inactive",
        sign="⚠️",
        word="Failed, ignored",
        verb="failed, which is ignored",
    ),
    State.COULD_NOT_START: Look(
        conclusion="failure",
        commit="error",
        deployment="error",
        sign="❌",
        word="Could not start",
        verb="could not start",
    ),
    State.CANCELLED: Look(
        conclusion="cancelled",
        commit="error",
        deployment="error",
        sign="🚫",
        word="Cancelled",
        verb="was cancelled",
    ),
    State.TIMED_OUT: Look(
        conclusion="timed_out",
        commit="failure",
        deployment="failure",
        sign="⌛",
        word="Timed out",
        verb="timed out",
    ),
}
