"""An integration with a Provider of one type, before a service that a scene makes up. Nothing is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

import aiohttp
import msgspec

from tekton_integrations.errors import IntegrationError
from tekton_integrations.http import Http, Response
from tekton_integrations.integration import Integration, ProviderType, Rehearsal, Result
from tekton_integrations.options import parse
from tekton_integrations.requests import Asked
from tekton_integrations.run import Run
from tekton_integrations.testing.stage import Stage, credential
from tekton_integrations.testing.values import make_run
from tekton_integrations.testing.wire import Answer, Call, Wire

# What a Provider says whose type has no endpoint.
ENDPOINT = "https://service.example"
# Begins what stands in for Secrets whose form does not matter.
CANARY = "canary-of-the-secret-"


@dataclass(kw_only=True)
class Played(Stage):
    wire: Wire

    def http(self) -> Http:
        return self.wire


@dataclass(frozen=True, kw_only=True)
class Cast:
    """`asked` is what the run says."""

    made: type[Integration]
    kind: ProviderType
    asked: Mapping[str, str]
    session: aiohttp.ClientSession

    @property
    def who(self) -> str:
        return f"reconcile with a Provider of type {self.kind.name}"

    def stage(self, answer: Answer | None = None, integration: Integration | None = None) -> Played:
        """Before a service that is well, unless it is to answer otherwise; with a new instance, which knows nothing
        yet, unless one is given."""
        integration = integration or self.made()
        options = parse(integration, Asked(dict(self.asked), ()))
        target = integration.target(make_run(), options)
        endpoint = target.endpoint or self.kind.endpoint or ENDPOINT
        stand_in = integration.rehearsal(self.kind.name, endpoint, target)
        lent = credential(self.kind, endpoint, _secrets(self.kind, stand_in), stand_in.settings)

        def well(call: Call) -> Response:
            return stand_in.answer(call.method, wire.origin + call.path, call.body)

        wire = Wire(endpoint, answer or well, lent.secrets.values())
        return Played(
            session=self.session,
            credential=lent,
            integration=integration,
            options=options,
            wire=wire,
            calls=wire.calls,
        )


def _secrets(kind: ProviderType, stand_in: Rehearsal) -> dict[str, bytes]:
    """Those that the rehearsal makes up, and for others of the required ones a word that is looked for afterwards."""
    fields = {each.name: each for each in msgspec.structs.fields(kind.settings)}
    required = [name for name, each in fields.items() if each.required and each.encode_name not in stand_in.settings]
    canaries = {name: f"{CANARY}{name}".encode() for name in required}
    return canaries | {name: value for name, value in stand_in.secrets.items() if name in fields}


async def shown(stage: Stage, run: Run) -> Result | Exception:
    try:
        return await stage.show(run)
    except Exception as error:
        return error


def is_bug(found: Result | Exception) -> TypeGuard[Exception]:
    return isinstance(found, Exception) and not isinstance(found, IntegrationError)
