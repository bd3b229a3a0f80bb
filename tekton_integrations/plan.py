"""What a run's annotations come to for one integration: options, target, and the digests that decide. Pure."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from tekton_integrations import annotations
from tekton_integrations.integration import Delivery, Integration
from tekton_integrations.milestones import reached
from tekton_integrations.options import parse
from tekton_integrations.record import Target
from tekton_integrations.requests import Asked, asked_by, inherited
from tekton_integrations.run import Run

# In a digest, between that of the facts and that of progress, if there is any.
_BETWEEN = "-"
# Before that of what somebody asked to have reported again.
_AGAIN = "."


@dataclass(frozen=True)
class Plan:
    """A report is due when `digest` is not the one that the record holds. `provider` and `version`
    are what the run asks for by name, empty where it doesn't. `sources`, `within`: see Asked. `asked`: who
    asks, in words."""

    options: Any
    target: Target
    digest: str
    provider: str
    version: str
    sources: dict[str, str]
    within: str = ""
    asked: str = ""

    @property
    def progresses(self) -> bool:
        """Whether the remote shows more of the run than its state."""
        return _BETWEEN in self.digest

    def asks_again(self, before: str) -> bool:
        """Whether somebody has asked to have it reported again since the report whose digest was `before`, or before
        that was accepted."""
        mine = _mark(self.digest)
        return bool(mine) and mine != _mark(before)

    def only_progressed(self, before: str) -> bool:
        """Whether nothing but progress is new since the report whose digest was `before`."""
        return before.partition(_BETWEEN)[0] == self.digest.partition(_BETWEEN)[0]


def plan(integration: Integration, run: Run, wanted: Asked) -> Plan:
    """Raises PermanentError that names the annotation to mend."""
    options, due = due_digest(integration, run, wanted)
    return Plan(
        options=options,
        target=integration.target(run, options),
        digest=due,
        provider=wanted.options.get(annotations.PROVIDER, ""),
        version=wanted.options.get(annotations.VERSION, ""),
        sources=wanted.sources,
        within=wanted.within,
        asked=asked_by(run, wanted),
    )


def due_digest(integration: Integration, run: Run, wanted: Asked) -> tuple[Any, str]:
    """The options, and the digest that the record has once the run is shown with them.

    Raises PermanentError that names the annotation to mend.
    """
    if wanted.ignored and not wanted.options:
        raise inherited(integration.name, wanted.ignored[0])
    options = parse(integration, wanted)
    milestones = integration.delivery is Delivery.MILESTONES
    facts = (reached(run)[-1][0],) if milestones else integration.facts(run, options)
    version = wanted.options.get(annotations.VERSION, "")
    # The record says where values came from, so it is written anew when they come from elsewhere.
    sources = [repr(sorted(wanted.sources.items()))] if wanted.sources else []
    # A Notification may come to name another Provider, which its users expect to be used then.
    by = [f"{wanted.within}/{wanted.options.get(annotations.PROVIDER, '')}"] if wanted.within else []
    due = digest([run.uid, *facts, msgspec.json.encode(options).decode(), version, *sources, *by])
    due += f"{_AGAIN}{digest([wanted.again])[:16]}" if wanted.again else ""
    progress = () if milestones or run.final else integration.progress(run, options)
    return options, f"{due}{_BETWEEN}{digest(list(progress))[:16]}" if progress else due


def failure_digest(run: Run, wanted: Asked, providers: str) -> str:
    """What a failure depends on: what was asked (and when, if again) and the Providers, but of the run only its state.

    So progress of a run that can't be reported causes no calls, and a correction does. A new state does too, since what
    was refused may be but a part of the report.
    """
    again = [wanted.again] if wanted.again else []
    asks = repr(sorted(wanted.options.items()))
    return digest(["failed", run.uid, run.state, asks, *wanted.ignored, providers, *again])


def _mark(written: str) -> str:
    return written.partition(_BETWEEN)[0].partition(_AGAIN)[2]


def digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
