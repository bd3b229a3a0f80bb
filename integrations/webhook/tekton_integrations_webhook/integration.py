"""Tells a webhook of each milestone of a Tekton run: one signed POST for each, in order, until it is taken."""

import base64

from msgspec.structs import replace
from yarl import URL

from tekton_integrations import (
    Context,
    Delivery,
    Integration,
    PermanentError,
    Record,
    Rehearsal,
    Result,
    Run,
    State,
    Target,
)
from tekton_integrations.addresses import place
from tekton_integrations.occasions import includes
from tekton_integrations.posting import Message, Poster, ready
from tekton_integrations_webhook import facts, payload
from tekton_integrations_webhook.bodies import OPEN, filled, mentions, of_run
from tekton_integrations_webhook.facts import FINISHED, PIPELINE, Facts
from tekton_integrations_webhook.options import JSON, WEBHOOK, WebhookOptions
from tekton_integrations_webhook.signing import authorization, keys, signed

_AGENT = {"user-agent": "tekton-integrations-webhook"}
# Keys of a record's memory, as long as the run goes on: how its end is to be told, should the run be deleted.
_ON, _TEMPLATE, _TYPE = "on", "template", "content-type"
_OWN = frozenset({_ON, _TEMPLATE, _TYPE, PIPELINE})
_MEDIA = "set `content-type` and `template` to what it takes"


class Webhook(Integration):
    """The receiver drops repetitions by webhook-id, so a call in doubt is just made again."""

    name = "webhook"
    Options = WebhookOptions
    provider_types = (WEBHOOK,)
    delivery = Delivery.MILESTONES

    def __init__(self) -> None:
        self._poster = Poster()

    def target(self, run: Run, options: WebhookOptions) -> Target:
        return target(options.url)

    async def reconcile(self, run: Run, options: WebhookOptions, record: Record, context: Context) -> Result:
        milestone = context.milestone
        assert milestone is not None
        ended, where = milestone.name == FINISHED, place(options.url)
        kept = {} if ended else remembered(run, options)
        if not includes(options.on, run.state, milestone.name):
            summary = f"{where} is not told of {milestone.name}: `on` leaves it out"
            return Result(memory=forgotten(record.memory) | kept, summary=summary)
        ready(context)
        children = await context.children() if ended and run.state.red else []
        said = facts.of_run(run, children, context.details_url)
        body = await _body(said, options, context)
        # Also if this fails: the receiver may have heard of the run, and the run may be deleted before the next try.
        known = replace(record, memory=record.memory | kept)
        memory = await self._poster.post(known, context, _message(body, options.content_type, context))
        summary = f"{where} was told of {milestone.name}" + (f": {said.title}" if ended else "")
        return Result(memory=forgotten(memory) | kept, summary=summary)

    async def check(self, context: Context) -> None:
        """Endpoints are named by runs, so only what is sent to them is looked at."""
        keys(context.credential.secrets)
        authorization(context.credential.secrets)

    def rehearsal(self, provider_type: str, endpoint: str, target: Target) -> Rehearsal:
        """A signature by a made-up key would say nothing."""
        key = f"whsec_{base64.b64encode(bytes(32)).decode()}".encode()
        secrets = {"signing_key": key, "previous_signing_key": key, "token": b"made-up"}
        hidden = frozenset({"authorization", "webhook-signature"})
        return Rehearsal(secrets=secrets, hidden=hidden)

    async def settle(self, record: Record, context: Context) -> None:
        milestone, memory = context.milestone, record.memory
        if milestone is None or record.target is None or not includes(memory.get(_ON, ""), State.CANCELLED):
            return
        if record.target != target(record.target.endpoint):
            # A grant may name paths, and it was given for the name.
            raise PermanentError("NotGranted", "the record was edited to lead elsewhere than what was granted")
        said = facts.of_record(record, milestone.time)
        body = payload.encoded(payload.thin(said, milestone))
        if _TEMPLATE in memory:
            body = filled(memory[_TEMPLATE], memory.get(_TYPE, JSON), facts.values(said, milestone))
        await self._poster.post(record, context, _message(body, memory.get(_TYPE, JSON), context))


def target(url: str) -> Target:
    """A grant names host and path; the rest of the URL may be secret."""
    return Target(resource=place(url), name=URL(url, encoded=True).raw_path or "/", endpoint=url)


def remembered(run: Run, options: WebhookOptions) -> dict[str, str]:
    found = {PIPELINE: run.pipeline, _ON: options.on, _TEMPLATE: options.template}
    return {name: value for name, value in found.items() if value} | (
        {_TYPE: options.content_type} if options.template else {}
    )


def forgotten(memory: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in memory.items() if name not in _OWN}


async def _body(said: Facts, options: WebhookOptions, context: Context) -> bytes:
    milestone = context.milestone
    assert milestone is not None
    if options.template:
        wants_run = any(mentions(options.template, prefix) for prefix in OPEN)
        more = of_run(await context.manifest()) if wants_run else {}
        return filled(options.template, options.content_type, more | facts.values(said, milestone))
    body = payload.thin(said, milestone)
    return payload.full(body, await context.manifest()) if options.payload == "full" else payload.encoded(body)


def _message(body: bytes, content_type: str, context: Context) -> Message:
    assert context.milestone is not None
    secrets = context.credential.secrets
    headers = {"content-type": content_type} | _AGENT | authorization(secrets)
    signature = signed(context.milestone.id, int(context.now()), body, keys(secrets))
    return Message(headers=headers | signature, body=body, media=_MEDIA)
