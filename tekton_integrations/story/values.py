"""What a Story is, and the Facts that it is made of. Values only."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from tekton_integrations.provider import Provider
from tekton_integrations.record import Record
from tekton_integrations.run import Run


class Verdict(enum.StrEnum):
    """What became of a report."""

    SHOWN = "shown"  # the run's end was accepted
    GOING_ON = "going-on"  # what is shown is right so far, and the run goes on
    WAITING = "waiting"  # it comes by itself
    STUCK = "stuck"  # it is tried again and again, and somebody has to mend something
    FAILED = "failed"  # given up until somebody changes something
    LEFT_OUT = "left-out"  # somebody asks, and by a rule it is not shown
    NOT_ASKED = "not-asked"  # nobody asks, or nothing that counts
    ELSEWHERE = "elsewhere"  # another run's reports show it
    NO_RUN = "no-run"  # there is none of that name
    UNKNOWN = "unknown"  # what would tell may not be read
    SAID = "said"  # somebody else's word about the run: an open record

    @property
    def final(self) -> bool:
        """Nothing more comes by itself."""
        return self not in (Verdict.GOING_ON, Verdict.WAITING, Verdict.STUCK)

    @property
    def bad(self) -> bool:
        """Somebody has to do something."""
        return self in (Verdict.STUCK, Verdict.FAILED)

    @property
    def quiet(self) -> bool:
        """Nothing is shown, and nothing is wrong with that as far as we know."""
        return self in (Verdict.LEFT_OUT, Verdict.NOT_ASKED, Verdict.NO_RUN, Verdict.UNKNOWN)


class Stage(enum.StrEnum):
    """The steps of a report, in their order."""

    ASKED = "asked for"
    MATCHED = "matched"
    GRANTED = "granted"
    WAITS = "waits"
    SENT = "sent"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """`done` is None as long as that is open."""

    stage: Stage
    done: bool | None
    text: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One report of one run. `integration` is empty where nothing asks; `notification` (namespace/name) where none
    does. `reason` is one word, `sentence` what happened, `fix` what to do, empty if nothing. Times are seconds since
    the epoch: `since` when it is so, `until` when it is tried again."""

    namespace: str
    kind: str
    run: str
    verdict: Verdict
    reason: str
    sentence: str
    integration: str = ""
    notification: str = ""
    fix: str = ""
    url: str = ""
    provider: str = ""
    since: float | None = None
    until: float | None = None
    steps: tuple[Step, ...] = ()


class Installed(msgspec.Struct, frozen=True, kw_only=True):
    """An integration that some controller brings. `since`: its watermark; `working`: a controller reports by it now,
    None where that can't be told; `says`: what the controller said last of that."""

    name: str
    since: float
    working: bool | None = None
    says: str = ""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What comes of a Notification (namespace/name) that is about runs like this one. `outcome`: a reason of
    notices.REASONS or of soundness.NotReady, or one of the words below; `message` completes it."""

    notification: str
    outcome: str
    integration: str = ""
    message: str = ""


# Outcomes of a Match besides those: it asks; it is suspended; the run is not, or not yet, what it waits for.
MATCHED, SUSPENDED, NOT_NOW = "Matched", "Suspended", "NotNow"


class Odd(msgspec.Struct, frozen=True):
    """A key that looks like one of ours and does not count. `place` is where it stands, such as "among the labels";
    `meant` is the key that was probably meant, empty where only the place is wrong."""

    key: str
    place: str
    meant: str = ""


class Unread(msgspec.Struct, frozen=True):
    """`what` could not be read; `status` is that of the API server (403: may not; 0: not reached)."""

    what: str
    status: int
    message: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What could be read about one run. `shared`: the controller's namespace. `parent` is set for a run that another
    one answers for; `below` are runs of this one that are reported on their own, by kind and name. What could not be
    read is None."""

    namespace: str
    kind: str
    name: str
    now: float
    shared: str
    run: Run | None = None
    parent: "Facts | None" = None
    records: Sequence[Record] | None = ()
    providers: Sequence[Provider] | None = ()
    installed: Sequence[Installed] | None = ()
    matches: Sequence[Match] | None = ()
    odd: Sequence[Odd] = ()
    below: Sequence[tuple[str, str]] = ()
    unread: Sequence[Unread] = ()
