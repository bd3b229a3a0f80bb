"""What is said of a report, once for all places: the record's condition, `why`, the run's page, the footer of a check.

Pure. Who knows what to say calls these; nobody words it anew.
"""

from collections.abc import Mapping, Sequence

from tekton_integrations.text import clean, listed

LONGEST = 4096  # of a condition's message
_NAMED = 5
_UNSAID = {"True": "its end is shown", "False": "it was given up", "Unknown": "its report is being made"}


def shown(name: str, resource: str, state: str) -> str:
    """What a place shows of a run, where the integration has no words of its own."""
    return f"{name} at {resource} shows {state}"


def sentence(status: str, message: str) -> str:
    """Of a record's condition: its message, word for word; a record that says nothing yet is put into words."""
    return clean(message, LONGEST) or _UNSAID.get(status, _UNSAID["Unknown"])


def asked_by(*, own: bool, notifications: Sequence[str] = (), sources: Mapping[str, str] | None = None) -> str:
    """Who wants the run shown. `own`: its annotations do; `sources`: where options came from that were inferred."""
    run = ["the run's annotations"] if own else []
    found = sorted(set((sources or {}).values()))
    inferred = [f"its {listed(found, _NAMED)}"] if found else []
    named = [f"Notification {path}" for path in notifications]
    return f"asked for by {listed([*run, *inferred, *named], _NAMED)}"


def granted_by(provider: str) -> str:
    """`provider`: namespace/name."""
    return f"granted by Provider {provider}"


def because(asked: str, provider: str) -> str:
    """Why a report is made; `asked` is what `asked_by` gives."""
    return f"{asked}, {granted_by(provider)}"


def footer(said: str, why: str) -> str:
    """For whoever reads a report and wonders why it is there; `why` is what `because` gives, or empty."""
    return f"{said}; {why}." if why else ""
