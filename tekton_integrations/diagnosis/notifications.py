"""Whether Notifications are in order, by their own word."""

from collections.abc import Sequence

import msgspec

from tekton_integrations.diagnosis.findings import Finding, Level


class _Metadata(msgspec.Struct):
    namespace: str
    name: str


class _Condition(msgspec.Struct):
    type: str
    status: str
    reason: str = ""
    message: str = ""


class _Status(msgspec.Struct):
    conditions: tuple[_Condition, ...] = ()


class Noticed(msgspec.Struct):
    """A Notification, as far as it says how it stands."""

    metadata: _Metadata
    status: _Status = msgspec.field(default_factory=_Status)

    @property
    def ready(self) -> _Condition | None:
        return next((each for each in self.status.conditions if each.type == "Ready"), None)


def decode(raw: msgspec.Raw) -> Noticed:
    return msgspec.json.decode(raw, type=Noticed)


def in_order(notifications: Sequence[Noticed]) -> list[Finding]:
    """A row for each that is not, and one for all others."""
    bad = [found for each in notifications if (found := _wrong(each))]
    well = len(notifications) - len(bad)
    return bad + ([Finding(subject="Notifications", level=Level.OK, said=f"{well} in order")] if well else [])


def _wrong(each: Noticed) -> Finding | None:
    subject, ready = f"Notification {each.metadata.namespace}/{each.metadata.name}", each.ready
    if ready is None:
        said, cure = "was not looked at yet", "if it stays so: no controller works, see above"
        return Finding(subject=subject, level=Level.WARNING, said=said, cure=cure)
    if ready.status == "True":
        return None
    return Finding(subject=subject, level=Level.PROBLEM, said=ready.reason, cure=ready.message)
