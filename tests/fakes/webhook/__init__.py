"""A receiver of webhooks as users write them, by the library of Standard Webhooks: it verifies each message, keeps each
once by its webhook-id, and fails on demand.
"""

from tests.fakes.echo.faults import Cut, Refusal, Silence
from tests.fakes.webhook.objects import KEY, OTHER_KEY, asking, provider, secret
from tests.fakes.webhook.receiver import Call, Received, Receiver

__all__ = [
    "KEY",
    "OTHER_KEY",
    "Call",
    "Cut",
    "Received",
    "Receiver",
    "Refusal",
    "Silence",
    "asking",
    "provider",
    "secret",
]
