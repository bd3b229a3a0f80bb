"""The integration keeps to the contract, as `check_contract` tries it."""

from tekton_integrations_webhook.integration import Webhook

from tekton_integrations.testing import check_contract


async def test_it_keeps_to_the_contract() -> None:
    await check_contract(Webhook)
