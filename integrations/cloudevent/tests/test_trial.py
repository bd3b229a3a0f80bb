"""What is sent to endpoints is looked at before any run is, without a call: only runs say where it goes."""

import pytest

from integrations.cloudevent.tests.scene import scene
from tekton_integrations import TemporaryError


async def test_a_token_that_can_stand_in_a_header_passes_and_another_is_said() -> None:
    async with scene() as sink:
        await sink.integration.check(sink.bench.context())
        sink.lend(token=b"good")
        await sink.integration.check(sink.bench.context())
        sink.lend(token=b"two\nlines")
        with pytest.raises(TemporaryError) as caught:
            await sink.integration.check(sink.bench.context())
        assert caught.value.reason == "CredentialUnavailable"
        assert sink.receiver.received == []
