"""A Provider's credential is tried before any run is: what is missing is named."""

import pytest

from integrations.slack.tests.helpers import TOKEN, Stage
from tekton_integrations import PermanentError, TemporaryError


async def test_a_bot_that_may_post_passes_with_one_call_that_shows_nothing(scene: Stage) -> None:
    await scene.integration.check(scene.context())
    assert [each.method for each in scene.slack.calls] == ["auth.test"]
    assert scene.channel.cards == []


async def test_the_scope_that_is_missing_is_named(scene: Stage) -> None:
    scene.slack.world.tokens[TOKEN].scopes = frozenset({"channels:read"})
    with pytest.raises(PermanentError, match=r"lacks a scope \(chat:write\)") as caught:
        await scene.integration.check(scene.context())
    assert caught.value.reason == "Forbidden"


async def test_a_token_that_is_not_known_is_refused(scene: Stage) -> None:
    scene.use(secrets={"token": b"xoxb-other"})
    with pytest.raises(TemporaryError) as caught:
        await scene.integration.check(scene.context())
    assert caught.value.reason == "CredentialRefused"


async def test_of_a_webhook_only_the_address_is_looked_at_since_a_message_would_be_seen(scene: Stage) -> None:
    scene.use_webhook()
    await scene.integration.check(scene.context())
    assert scene.slack.calls == []
    scene.use(secrets={"url": b"https://elsewhere.example.com/services/T1/B1/x"})
    with pytest.raises(TemporaryError) as caught:
        await scene.integration.check(scene.context())
    assert caught.value.reason == "CredentialUnavailable"
