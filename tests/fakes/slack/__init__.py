"""A look-alike of Slack: its Web API as far as cards need it, incoming webhooks, limits, faults, and channels as pages.

`Slack.started()` starts it in the test's process. What it takes and refuses is written down from https://docs.slack.dev;
what is not documented there (how long all blocks together may be) is marked where it stands.
"""

from tests.fakes.echo.faults import Cut, Delay, Refusal, Silence
from tests.fakes.slack.objects import asking, provider, secret, webhook, webhook_secret
from tests.fakes.slack.page import page
from tests.fakes.slack.server import Call, Slack
from tests.fakes.slack.world import Channel, Message

__all__ = [
    "Call",
    "Channel",
    "Cut",
    "Delay",
    "Message",
    "Refusal",
    "Silence",
    "Slack",
    "asking",
    "page",
    "provider",
    "secret",
    "webhook",
    "webhook_secret",
]
