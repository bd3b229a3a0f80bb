"""Messages by an incoming webhook, which can't be changed: one at a run's end, or one for each occasion that is named.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from collections.abc import Mapping

import msgspec

from tekton_integrations import (
    Context,
    Cost,
    Excerpt,
    PermanentError,
    Quota,
    Record,
    Response,
    Run,
    State,
    Target,
    TemporaryError,
)
from tekton_integrations.addresses import below
from tekton_integrations.occasions import includes
from tekton_integrations_slack import answers
from tekton_integrations_slack import card as cards
from tekton_integrations_slack import reply as replies
from tekton_integrations_slack.calls import CHANNEL, throttled
from tekton_integrations_slack.card import Message, Page
from tekton_integrations_slack.memory import POSTED, kept
from tekton_integrations_slack.options import SlackOptions, key
from tekton_integrations_slack.places import admit_mentions, granted

SCOPE = "the webhook"
_LIMIT = 64 * 1024


def occasion(run: Run) -> str:
    """What a message about the run as it is now would be about."""
    if run.final:
        return "finished"
    if run.retries:
        return f"retried/{len(run.retries)}"
    return "created" if run.state is State.QUEUED else "started"


def due(run: Run, on: str, posted: str) -> bool:
    """Whether a message is due; without `on` there is one, at the end. Pure."""
    now = occasion(run)
    if now == posted:
        return False
    return includes(on, run.state, now.partition("/")[0]) if on.strip() else run.final


async def show(run: Run, options: SlackOptions, record: Record, context: Context) -> dict[str, str]:
    """The memory to keep."""
    assert record.target is not None
    memory = kept(record.memory)
    await _admit(record.target, options, context)
    if not due(run, options.on, memory.get(POSTED, "")):
        return memory
    quota, cost = context.quota(SCOPE, CHANNEL), Cost(write=True, final=run.final)
    quota.check(cost)  # who has to wait would read in vain what the message says
    message = await _message(run, options, context)
    quota.check(cost)  # others may have gone meanwhile, and what is announced is to be called
    async with context.attempt():
        await _post(context, message, quota, cost)
    memory = {**memory, POSTED: occasion(run)}
    context.remember(memory)
    return memory


async def _admit(target: Target, options: SlackOptions, context: Context) -> None:
    if not await granted(target, target.name, context):
        raise PermanentError(
            "NotGranted",
            f"no grant of the Provider lets this run show in {target.name} at {target.resource}; add the channel as "
            "the run writes it to the `names` of one in its spec.grants",
        )
    await admit_mentions(target, options.mentions, context)


async def _message(run: Run, options: SlackOptions, context: Context) -> Message:
    children = await context.children() if run.final else []
    page = Page(children=children, details_url=context.details_url, mentions=options.mentions if run.state.red else ())
    message = cards.card(run, page)
    wanted = replies.wanted(run, children) if run.state.red and options.thread else []
    excerpts: Mapping[str, Excerpt] = {}
    if options.logs == "always":
        excerpts = {child.name: await context.excerpt(child) for child in wanted}
    elif options.logs == "workspace":
        why = f"a webhook does not tell whether its channel is shared with others; set {key('logs')}: always"
        excerpts = {child.name: Excerpt(withheld=why) for child in wanted}
    [attachment] = message["attachments"]
    attachment["blocks"] += replies.logs(run, children, excerpts)
    return message


async def _post(context: Context, message: Message, quota: Quota, cost: Cost) -> None:
    quota.take(cost)
    headers = {"content-type": "application/json; charset=utf-8"}
    response = await context.http.request("POST", address(context), headers, msgspec.json.encode(message), limit=_LIMIT)
    if answers.limited(response):
        raise throttled(response, quota, cost)
    if response.status != 200:
        raise _failure(response, context)


def address(context: Context) -> str:
    """The Secret's. It is not told in the message, since it is all that one needs to post."""
    url = context.credential.secrets["url"].decode(errors="replace").strip()
    endpoint = context.credential.endpoint
    try:
        fits = below(url, endpoint)
    except PermanentError:
        fits = False
    if not fits:
        message = f"what the Provider's Secret has is not the address of a webhook at {endpoint}; correct one of both"
        raise TemporaryError("CredentialUnavailable", message, needs_help=True)
    return url


def _failure(response: Response, context: Context) -> Exception:
    """A code as text, and a status that means it: 410 is a channel that was archived."""
    code = response.body[:100].decode(errors="replace").strip()
    if response.status in (403, 404) and code not in ("channel_not_found", "action_prohibited"):
        context.renew_credential()
        message = (
            "Slack knows no such webhook (any more): make a new one, and put its address into the Provider's Secret"
        )
        return TemporaryError("CredentialRefused", message, needs_help=True)
    if response.status >= 500:
        after = answers.asked_to_wait(response)
        message = f"Slack answered {response.status}"
        return TemporaryError("ServiceUnavailable", message, after, maybe_sent=True, down=True)
    if response.status < 400:
        message = f"the webhook's endpoint answered {response.status}, which it never should; correct the Provider"
        return TemporaryError("Redirected", message, needs_help=True)
    return answers.refusal(code, changes=True)
