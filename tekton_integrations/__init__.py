"""The public contract: all that an integration may import. Everything else in here is the core's own."""

from tekton_integrations.errors import PermanentError, TemporaryError, Throttled
from tekton_integrations.http import Http, Response, clean
from tekton_integrations.integration import (
    Context,
    Credential,
    Delivery,
    Integration,
    Milestone,
    ProviderType,
    Result,
    SecretRef,
    SecretSource,
)
from tekton_integrations.quota import Quota
from tekton_integrations.record import Record, Target
from tekton_integrations.run import Child, Run, State, Step

__all__ = [
    "Child",
    "Context",
    "Credential",
    "Delivery",
    "Http",
    "Integration",
    "Milestone",
    "PermanentError",
    "ProviderType",
    "Quota",
    "Record",
    "Response",
    "Result",
    "Run",
    "SecretRef",
    "SecretSource",
    "State",
    "Step",
    "Target",
    "TemporaryError",
    "Throttled",
    "clean",
]
