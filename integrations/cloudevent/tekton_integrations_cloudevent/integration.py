"""Sends each milestone of a Tekton run as a CloudEvent, and keeps TEP-0004's account of it."""

from urllib.parse import urlsplit

from msgspec.structs import replace

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
from tekton_integrations.posting import RETRIES, Message, Poster, bearer, ready, retries
from tekton_integrations_cloudevent.attributes import About, attributes
from tekton_integrations_cloudevent.data import ended, thin, within
from tekton_integrations_cloudevent.message import BINARY, message
from tekton_integrations_cloudevent.options import CLOUD_EVENTS, NAME, CloudEventOptions

# Keys of a record's memory: TEP-0004's, and the options that the end of a deleted run needs, where they are given.
TARGET, MODE, ON = "target", "mode", "on"


class CloudEvent(Integration):
    name = NAME
    Options = CloudEventOptions
    provider_types = (CLOUD_EVENTS,)
    delivery = Delivery.MILESTONES

    def __init__(self) -> None:
        self._poster = Poster()

    def target(self, run: Run, options: CloudEventOptions) -> Target:
        path = urlsplit(options.target).path or "/"
        return Target(resource=place(options.target), name=path, endpoint=options.target)

    async def reconcile(self, run: Run, options: CloudEventOptions, record: Record, context: Context) -> Result:
        milestone = context.milestone
        assert milestone is not None
        known = _remembered(record, options)
        if not includes(options.on, run.state, milestone.name):
            return Result(memory=known, summary=f"`on` does not ask for {milestone.name}, {run.state}")
        ready(context)
        about, data, trimmed = About.run(run), thin(run), ""
        if options.payload == "full" and (manifest := await context.manifest()):
            data, trimmed = within(manifest, data)
        said = attributes(about, milestone, run.state) | ({"trimmed": trimmed} if trimmed else {})
        sent = message(said, {about.key: data}, options.mode)
        memory = await self._post(replace(record, memory=known), context, sent)
        return Result(memory=memory, summary=f"told {place(options.target)} of {milestone.name}, {run.state}")

    async def check(self, context: Context) -> None:
        """Endpoints are named by runs, so only what is sent to them is looked at."""
        bearer(context)

    def rehearsal(self, provider_type: str, endpoint: str, target: Target) -> Rehearsal:
        return Rehearsal(secrets={"token": b"made-up", "certificate": b"made-up", "key": b"made-up"})

    async def settle(self, record: Record, context: Context) -> None:
        """Whoever waits for the end of a run gets one, which is not green."""
        milestone = context.milestone
        if milestone is None or not includes(record.memory.get(ON, ""), State.CANCELLED, milestone.name):
            return
        about = About.record(record)
        said, data = attributes(about, milestone, State.CANCELLED), {about.key: ended(about, milestone.time)}
        await self._post(record, context, message(said, data, record.memory.get(MODE, BINARY)))

    async def _post(self, record: Record, context: Context, sent: Message) -> dict[str, str]:
        sent = replace(sent, headers={**sent.headers, **bearer(context)})
        try:
            return await self._poster.post(record, context, sent)
        except PermanentError:
            context.remember({**record.memory, RETRIES: str(retries(record, context))})
            raise


def _remembered(record: Record, options: CloudEventOptions) -> dict[str, str]:
    given = {TARGET: options.target, MODE: "" if options.mode == BINARY else options.mode, ON: options.on}
    return {name: value for name, value in (record.memory | given).items() if value}
