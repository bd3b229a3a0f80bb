"""What a run's annotations come to for one integration: options, target, and the digests that decide. Pure."""

import hashlib
from dataclasses import dataclass
from typing import Any

import msgspec

from tekton_integrations import annotations
from tekton_integrations.errors import PermanentError
from tekton_integrations.integration import Delivery, Integration
from tekton_integrations.milestones import reached
from tekton_integrations.options import parse
from tekton_integrations.record import Target
from tekton_integrations.requests import Asked
from tekton_integrations.run import Run


@dataclass(frozen=True)
class Plan:
    """A report is due when `digest` is not the one that the record holds. `provider` and `version`
    are what the run asks for by name, empty where it doesn't."""

    options: Any
    target: Target
    digest: str
    provider: str
    version: str


def plan(integration: Integration, run: Run, wanted: Asked) -> Plan:
    """Raises PermanentError that names the annotation to mend."""
    options, due = due_digest(integration, run, wanted)
    return Plan(
        options=options,
        target=integration.target(run, options),
        digest=due,
        provider=wanted.options.get(annotations.PROVIDER, ""),
        version=wanted.options.get(annotations.VERSION, ""),
    )


def due_digest(integration: Integration, run: Run, wanted: Asked) -> tuple[Any, str]:
    """The options, and the digest that the record has once the run is shown with them.

    Raises PermanentError that names the annotation to mend.
    """
    if wanted.ignored and not wanted.options:
        where = annotations.annotation(integration.name, wanted.ignored[0])
        raise PermanentError(
            "InheritedAnnotationIgnored",
            f"{where} came with a remotely resolved Pipeline and does not count; set it on the run itself",
        )
    options = parse(integration, wanted)
    if integration.delivery is Delivery.MILESTONES:
        facts: tuple[str, ...] = (reached(run)[-1][0],)
    else:
        facts = integration.facts(run, options)
    version = wanted.options.get(annotations.VERSION, "")
    return options, digest([run.uid, *facts, msgspec.json.encode(options).decode(), version])


def failure_digest(run: Run, wanted: Asked, providers: str) -> str:
    """What a failure depends on: what was asked and the Providers, but of the run only whether it has ended.

    So progress of a run that can't be reported causes no calls, and a correction does.
    """
    return digest(["failed", run.uid, str(run.final), repr(sorted(wanted.options.items())), *wanted.ignored, providers])


def digest(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
