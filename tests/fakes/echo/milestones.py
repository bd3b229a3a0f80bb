"""As `integration.py`, for receivers that need each transition: one POST for each milestone, in order."""

from tekton_integrations import Context, Delivery, Integration, Milestone, Record, Result, Run, Target

from .integration import ECHO, ID, EchoOptions, Payload, call, shown, target


class Milestones(Integration):
    """The receiver drops repetitions by `id`, so a call in doubt may be made again at once."""

    name = "milestones"
    Options = EchoOptions
    provider_types = (ECHO,)
    delivery = Delivery.MILESTONES

    def target(self, run: Run, options: EchoOptions) -> Target:
        return target(run, options)

    async def reconcile(self, run: Run, options: EchoOptions, record: Record, context: Context) -> Result:
        milestone = context.milestone
        assert milestone is not None
        async with context.attempt(repeatable=True):
            await call(context, "POST", "/milestones", _told(milestone, context) | shown(run, record))
        return Result(memory={ID: context.external_id}, summary=f"told of {milestone.name}")

    async def settle(self, record: Record, context: Context) -> None:
        """Whoever has heard of the run hears that it ended."""
        milestone = context.milestone
        if milestone is None:
            return
        run = record.run
        known = {"kind": run.kind, "namespace": record.namespace, "run": run.name, "uid": run.uid}
        end = {"state": "Cancelled", "reason": "", "final": True}
        await call(context, "POST", "/milestones", _told(milestone, context) | known | end)


def _told(milestone: Milestone, context: Context) -> Payload:
    return {
        "id": milestone.id,
        "sequence": milestone.sequence,
        "milestone": milestone.name,
        "time": milestone.time,
        "external_id": context.external_id,
    }
