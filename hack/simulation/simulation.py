"""One simulation from its begin to the last settled record, and its figures."""

import asyncio
import gc
import random
import time
from collections.abc import Iterable

from tekton_integrations import log

from . import drain
from .cluster import played
from .figures import Delays, Figures
from .judge import judged
from .scenario import Scenario
from .stage import Stage
from .virtual import run, steady
from .workload import FLOOD, SMALL, Planned, quantile, workload


def simulated(scenario: Scenario) -> Figures:
    """The same for the same scenario, but for the CPU time."""
    random.seed(scenario.seed)  # back-off, and who asks first
    begin = time.process_time()
    return run(_simulated(scenario, begin))


def simulated_alone(scenario: Scenario) -> Figures:
    """In a process that does nothing else. Not in `__main__`, where a spawned process finds nothing."""
    log.configure("error")
    gc.disable()
    return simulated(scenario)


async def _simulated(scenario: Scenario, begin: float) -> Figures:
    work = workload(scenario.flood, scenario.small, scenario.seed, scenario.seconds)
    stage = Stage.of(scenario, work)
    async with played(stage.cluster):
        controller = stage.controller(1)
        if scenario.fails_over is not None:
            await asyncio.sleep(scenario.fails_over)
            await controller.kill()
            stage.peak = controller.wire.peak
            controller = stage.controller(2)
        await stage.cluster.settled(scenario.patience)
        over = steady()
        stage.peak = max(stage.peak, controller.wire.peak)
        await controller.kill()
    return _figures(stage, over, time.process_time() - begin)


def _figures(stage: Stage, over: float, cpu: float) -> Figures:
    scenario, github, verdict = stage.scenario, stage.github, judged(stage.github, stage.work)
    due = drain.needs(stage.work)
    pace = drain.pace(scenario.profile.hourly, scenario.profile.minutely, scenario.chances)
    return Figures(
        scenario=scenario.title,
        runs=len(stage.work.runs),
        calls=dict(sorted(github.counts.items())),
        least=sum(count for _, count in due),
        expected=drain.drained(due, pace),
        reached=max(stage.shown.values(), default=0.0),
        settled=over,
        delays={tenant: _delays(stage.work.of(tenant), stage) for tenant in (FLOOD, SMALL)},
        refused=stage.statuses[403] + stage.statuses[429],
        failed=sum(count for status, count in stage.statuses.items() if status >= 500),
        cut=stage.statuses[0],
        early=len(github.violations),
        peak=stage.peak,
        progress=stage.progress,
        unsettled=stage.cluster.left,
        lost=verdict.lost,
        doubled=verdict.doubled,
        stale=verdict.stale,
        cpu=cpu,
    )


def _delays(runs: Iterable[Planned], stage: Stage) -> Delays:
    found = [stage.shown[run.number] - run.ends for run in runs if run.number in stage.shown]
    return Delays(half=quantile(found, 0.5), most=quantile(found, 0.99), largest=max(found, default=0.0))
