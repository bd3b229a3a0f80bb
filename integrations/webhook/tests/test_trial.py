"""What is sent to endpoints is looked at before any run is, without a call: only runs say where it goes."""

import pytest

from integrations.webhook.tests.helpers import Stage
from tekton_integrations import TemporaryError


async def test_a_key_that_is_well_formed_passes_and_nothing_is_sent(stage: Stage) -> None:
    await stage.integration.check(stage.context())
    assert stage.receiver.received == []


@pytest.mark.parametrize("secrets", [{"signing_key": b"whsec_short"}, {"token": b"two\nlines"}])
async def test_what_can_t_sign_or_stand_in_a_header_is_said(stage: Stage, secrets: dict[str, bytes]) -> None:
    stage.use(secrets=secrets)
    with pytest.raises(TemporaryError) as caught:
        await stage.integration.check(stage.context())
    assert (caught.value.reason, caught.value.needs_help) == ("CredentialUnavailable", True)
