"""Whether Slack takes a Provider's credential, and whether that may do what each report needs: tried before any run."""

from tekton_integrations import Context
from tekton_integrations_slack import answers, hook
from tekton_integrations_slack.calls import Calls
from tekton_integrations_slack.options import WEBHOOK

NEEDED = "chat:write"


async def check(context: Context) -> None:
    """A webhook can't be tried without a message, so only its address is looked at. Raises PermanentError and
    TemporaryError."""
    if context.credential.type == WEBHOOK.name:
        hook.address(context)
    elif lacks_scope(await Calls(context, "").scopes()):
        raise answers.refusal("missing_scope", NEEDED, changes=False)


def lacks_scope(scopes: str | None) -> bool:
    """By the header `x-oauth-scopes`; None without one. Pure."""
    return scopes is not None and NEEDED not in {each.strip() for each in scopes.split(",")}
