"""What a record remembers of Slack. Pure."""

import re
from collections.abc import Mapping

from tekton_integrations import PermanentError, State
from tekton_integrations_slack.options import key

# Of an App's bot: where the card is, the state in which it was posted, state and digest of what it shows, the reply,
# and that Slack did not take the layout.
CHANNEL, TS, FIRST, STATE, SHOWN, REPLY = "channel-id", "ts", "posted-as", "shown-state", "shown", "thread-ts"
LAYOUT, PLAIN = "layout", "plain"
# In the place of a reply's id: there is none, and none is due.
NONE = "none"
# Of a webhook: the occasion of the last message.
POSTED = "posted"
_FORMS = {
    CHANNEL: re.compile(r"[CGD][A-Z0-9]{4,30}"),
    TS: re.compile(r"[0-9]{1,16}\.[0-9]{1,10}"),
    FIRST: re.compile(r"\w{1,40}"),
    STATE: re.compile(r"\w{1,40}"),
    SHOWN: re.compile(r"[0-9a-f]{1,64}"),
    REPLY: re.compile(r"[0-9]{1,16}\.[0-9]{1,10}|none"),
    LAYOUT: re.compile(PLAIN),
    POSTED: re.compile(r"[a-z]{1,20}(/[0-9]{1,6})?"),
}


def kept(memory: Mapping[str, str]) -> dict[str, str]:
    """What can't be read must not be taken for nothing. Raises PermanentError(UnreadableMemory)."""
    for name, form in _FORMS.items():
        if name in memory and not form.fullmatch(memory[name]):
            cure = f"delete the record to start over with another card, or change {key('channel')}"
            raise PermanentError("UnreadableMemory", f"the record's annotation {name} is damaged; {cure}")
    return {name: memory[name] for name in _FORMS if name in memory}


def state(word: str) -> State:
    """One that a newer version wrote is taken for one that goes on."""
    return State(word) if word in State.__members__.values() else State.RUNNING
