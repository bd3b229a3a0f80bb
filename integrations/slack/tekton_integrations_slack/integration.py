"""Shows a Tekton run as a card in a Slack channel: with an App's bot one that follows the run, or with an incoming
webhook a message at its end."""

from tekton_integrations import Context, Integration, Record, Rehearsal, Result, Run, State, Target
from tekton_integrations.occasions import includes
from tekton_integrations.outcome import title
from tekton_integrations_slack import bot, hook, trial
from tekton_integrations_slack.bot import Bot
from tekton_integrations_slack.memory import POSTED, TS
from tekton_integrations_slack.options import BOT, WEBHOOK, SlackOptions
from tekton_integrations_slack.places import Places
from tekton_integrations_slack.rehearsal import rehearsal


class Slack(Integration):
    name = "slack"
    Options = SlackOptions
    provider_types = (BOT, WEBHOOK)
    resolves_names = True

    def __init__(self) -> None:
        self._places = Places()

    def target(self, run: Run, options: SlackOptions) -> Target:
        return Target(resource=options.workspace, name=options.name)

    def facts(self, run: Run, options: SlackOptions) -> tuple[str, ...]:
        """With the occasion, as far as any is named: a retry is no new state."""
        return (*super().facts(run, options), *((hook.occasion(run),) if options.on.strip() else ()))

    def progress(self, run: Run, options: SlackOptions) -> tuple[str, ...]:
        shown = run.state is State.RUNNING and wanted(run, options.on)
        return (run.message, *run.children) if shown else ()

    async def reconcile(self, run: Run, options: SlackOptions, record: Record, context: Context) -> Result:
        if context.credential.type == WEBHOOK.name:
            memory = await hook.show(run, options, record, context)
            said = memory.get(POSTED) == hook.occasion(run)
            summary = f"message in {options.name}: {title(run, ())}" if said else _quiet(options)
            return Result(memory=memory, summary=summary)
        if not wanted(run, options.on) and TS not in record.memory:
            return Result(summary=_quiet(options))
        report = Bot.of(self._places, run, options, record, context)
        url = await report.show()
        return Result(memory=report.memory, url=url, summary=f"card in {options.name}: {title(run, report.children)}")

    async def check(self, context: Context) -> None:
        await trial.check(context)

    def rehearsal(self, provider_type: str, endpoint: str, target: Target) -> Rehearsal:
        return rehearsal(endpoint, target)

    async def settle(self, record: Record, context: Context) -> None:
        """What a webhook has said can't be taken back, and says nothing of now."""
        if context.credential.type != WEBHOOK.name:
            await bot.settle(self._places, record, context)


def wanted(run: Run, on: str) -> bool:
    """Whether the run gets a card: since an occasion that is named was reached. Pure."""
    reached = ["created", *(["started"] if run.started is not None else []), *(["retried"] if run.retries else [])]
    if any(includes(on, run.state, each) for each in reached):
        return True
    return run.final and includes(on, run.state)


def _quiet(options: SlackOptions) -> str:
    return f"nothing to say in {options.name} about this state" + (f" (on: {options.on})" if options.on else "")
