"""A receiver that takes only what is signed, for each test."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from tekton_integrations_webhook.options import WEBHOOK, WebhookSettings

from integrations.webhook.tests.helpers import Stage
from tekton_integrations import Credential
from tests.fakes.webhook import KEY, Receiver


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Receiver.started(KEY) as receiver, aiohttp.ClientSession() as session:
        credential = Credential(
            type=WEBHOOK.name,
            endpoint=receiver.url,
            settings=WebhookSettings(),
            secrets={"signing_key": KEY.encode()},
            version="v1",
        )
        yield Stage(session=session, credential=credential, receiver=receiver)
