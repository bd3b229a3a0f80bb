"""The public contract: what an integration may import, besides `outcome`, `text` and, in its tests, `testing`.

Everything else in here is the core's own.
"""

from tekton_integrations.errors import PermanentError, TemporaryError, Throttled
from tekton_integrations.http import Http, Response, redirected
from tekton_integrations.integration import (
    Context,
    Credential,
    Delivery,
    Found,
    Integration,
    Milestone,
    ProviderType,
    Rehearsal,
    Result,
    SecretRef,
    SecretSource,
    Source,
)
from tekton_integrations.limits import Bucket, Cost, Limits
from tekton_integrations.quota import Quota
from tekton_integrations.quotes import quoted
from tekton_integrations.record import Record, Target, rfc3339
from tekton_integrations.run import Child, Excerpt, Run, Skipped, State, Step
from tekton_integrations.text import clean

__all__ = [
    "Bucket",
    "Child",
    "Context",
    "Cost",
    "Credential",
    "Delivery",
    "Excerpt",
    "Found",
    "Http",
    "Integration",
    "Limits",
    "Milestone",
    "PermanentError",
    "ProviderType",
    "Quota",
    "Record",
    "Rehearsal",
    "Response",
    "Result",
    "Run",
    "SecretRef",
    "SecretSource",
    "Skipped",
    "Source",
    "State",
    "Step",
    "Target",
    "TemporaryError",
    "Throttled",
    "clean",
    "quoted",
    "redirected",
    "rfc3339",
]
