"""How a Provider stands: whether its credential was found to do, and what became of the reports that were made by it.
It is kept in the Provider's status (allowances.py), so counts go on where a former process left off.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from tekton_integrations.errors import IntegrationError, PermanentError, TemporaryError
from tekton_integrations.text import clean

READY = "Ready"
# Nothing was sent, so nothing is known of the Provider.
_UNSENT = frozenset({"MaybeSent", "ServiceDown", "Stalled", "Throttled"})
# Of a credential, not of one report.
DOUBTS = frozenset({"CertificateRefused", "CredentialRefused", "CredentialUnavailable", "SecretNotOffered"})
_MAX_MESSAGE = 1024


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The condition Ready. `since`: seconds since the epoch; `generation`: the Provider's that was tried."""

    status: str
    reason: str
    message: str
    since: float
    generation: int


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    time: float
    reason: str
    message: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`verdict` is None until the credential was tried. Counts are those of all reports since the Provider was made,
    save what a killed process had not written yet."""

    verdict: Verdict | None = None
    last_success: float | None = None
    last_error: Trouble | None = None
    accepted: int = 0
    retried: int = 0
    given_up: int = 0

    @property
    def ready(self) -> bool:
        return self.verdict is not None and self.verdict.status == "True"


class _Condition(msgspec.Struct, rename="camel"):
    type: str
    status: str
    last_transition_time: datetime
    reason: str = ""
    message: str = ""
    observed_generation: int = 0


class _Success(msgspec.Struct):
    time: datetime


class _Error(msgspec.Struct):
    time: datetime
    reason: str
    message: str = ""


class _Reports(msgspec.Struct, rename="camel"):
    accepted: int = 0
    retried: int = 0
    given_up: int = 0


class _Status(msgspec.Struct, rename="camel"):
    conditions: list[_Condition] = []
    last_success: _Success | None = None
    last_error: _Error | None = None
    reports: _Reports = msgspec.field(default_factory=_Reports)


def decode_standing(status: bytes | msgspec.Raw) -> Standing:
    """From a Provider's status. What can't be read counts as nothing: it is found out anew."""
    try:
        read = msgspec.json.decode(status, type=_Status)
    except msgspec.DecodeError:
        return Standing()
    trouble = read.last_error
    return Standing(
        verdict=next((_verdict(each) for each in read.conditions if each.type == READY), None),
        last_success=read.last_success.time.timestamp() if read.last_success else None,
        last_error=Trouble(time=trouble.time.timestamp(), reason=trouble.reason, message=trouble.message)
        if trouble
        else None,
        accepted=read.reports.accepted,
        retried=read.reports.retried,
        given_up=read.reports.given_up,
    )


def encode_standing(standing: Standing) -> dict[str, Any]:
    """As it stands in a Provider's status; fields that say nothing are left out."""
    written: dict[str, Any] = {}
    if verdict := standing.verdict:
        condition = _Condition(
            type=READY,
            status=verdict.status,
            reason=verdict.reason,
            message=verdict.message,
            last_transition_time=_moment(verdict.since),
            observed_generation=verdict.generation,
        )
        written["conditions"] = [msgspec.to_builtins(condition)]
    if standing.last_success is not None:
        written["lastSuccess"] = msgspec.to_builtins(_Success(_moment(standing.last_success)))
    if trouble := standing.last_error:
        written["lastError"] = msgspec.to_builtins(_Error(_moment(trouble.time), trouble.reason, trouble.message))
    reports = _Reports(standing.accepted, standing.retried, standing.given_up)
    return written | ({"reports": msgspec.to_builtins(reports)} if reports != _Reports() else {})


def urgent(told: Standing, known: Standing) -> bool:
    """Whether people should see it soon: another verdict, or trouble of another kind."""
    before, now = told.last_error, known.last_error
    return told.verdict != known.verdict or (before.reason if before else "") != (now.reason if now else "")


class Standings:
    """Of all Providers of one integration, by uid. `news` is called when people should see something soon."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.news: Callable[[], None] = _nothing
        # Told of the path of a Provider whose verdict may be out of date.
        self.doubted: Callable[[str], None] = lambda _: None
        self._now = now
        self._standings: dict[str, Standing] = {}

    def begin(self, known: Mapping[str, Standing]) -> None:
        """Our turn begins: what a former holder knew takes the place of what we did."""
        self._standings = dict(known)

    def forget(self, uid: str) -> None:
        """The Provider was deleted."""
        self._standings.pop(uid, None)

    def __getitem__(self, uid: str) -> Standing:
        return self._standings.get(uid, Standing())

    def tried(self, uid: str, generation: int, error: IntegrationError | None, message: str = "") -> None:
        """The credential was tried, and what came of it."""
        status, reason = "True", "Ready"
        if error is not None:
            hopeless = isinstance(error, PermanentError) or (isinstance(error, TemporaryError) and error.needs_help)
            status, reason, message = ("False" if hopeless else "Unknown"), error.reason, error.message
        before = self[uid].verdict
        since = before.since if before and before.status == status else self._now()
        verdict = Verdict(
            status=status, reason=reason, message=clean(message, _MAX_MESSAGE), since=since, generation=generation
        )
        self._put(uid, replace(self[uid], verdict=verdict))

    def accepted(self, uid: str, path: str) -> None:
        """The service took a report."""
        before = self[uid]
        self._put(uid, replace(before, last_success=self._now(), accepted=before.accepted + 1))
        if before.verdict and not before.ready:
            self.doubted(path)

    def failed(self, uid: str, path: str, error: IntegrationError) -> None:
        if error.reason in _UNSENT:
            return
        before = self[uid]
        trouble = Trouble(time=self._now(), reason=error.reason, message=clean(error.message, _MAX_MESSAGE))
        field = "given_up" if isinstance(error, PermanentError) else "retried"
        self._put(uid, replace(before, last_error=trouble, **{field: getattr(before, field) + 1}))
        if before.ready and error.reason in DOUBTS:
            self.doubted(path)

    def _put(self, uid: str, standing: Standing) -> None:
        before, self._standings[uid] = self[uid], standing
        if urgent(before, standing):
            self.news()


def _verdict(condition: _Condition) -> Verdict:
    return Verdict(
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        since=condition.last_transition_time.timestamp(),
        generation=condition.observed_generation,
    )


def _moment(seconds: float) -> datetime:
    """Kubernetes' readers of times take whole seconds only."""
    return datetime.fromtimestamp(int(seconds), UTC)


def _nothing() -> None:
    """Nobody wants to know."""
