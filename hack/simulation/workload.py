"""What happens in the cluster: which runs there are, when each begins and ends, how, and what it is asked to show."""

import bisect
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

FLOOD, SMALL = "flood", "small"
OWNER = "acme"
HOUR = 3600.0
PIPELINES = ("build", "test", "lint")
# Repositories of each tenant.
REPOSITORIES = {FLOOD: 30, SMALL: 2}
# The part of commits that belong to a pull request, each of which gets a second one some minutes later.
PULLS = 0.05


@dataclass(frozen=True)
class Ending:
    """How a run ends: its condition, and the conclusion that GitHub is to show. `began`: it had tasks."""

    weight: float
    status: str
    reason: str
    conclusion: str
    began: bool = True

    @property
    def red(self) -> bool:
        return self.conclusion in ("failure", "timed_out")


FAILED = Ending(11, "False", "Failed", "failure")
ENDINGS = (
    Ending(80, "True", "Succeeded", "success"),
    FAILED,
    Ending(3, "False", "Cancelled", "cancelled"),
    Ending(2, "False", "PipelineRunTimeout", "timed_out"),
    Ending(2, "False", "PipelineValidationFailed", "failure", began=False),
    Ending(2, "True", "Completed", "skipped", began=False),
)
# Findings in the log of a failed step: how many, and how often so many.
FINDINGS = ((0, 50), (4, 35), (70, 15))


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Times are seconds since the simulation began. `changes`: when its running, and then each task that is done, is
    seen. `findings`: lines of the failed step's log that name a place in a file."""

    number: int
    tenant: str
    repository: str
    sha: str
    pipeline: str
    created: float
    changes: tuple[float, ...]
    ends: float
    ending: Ending
    pull: int = 0
    findings: int = 0

    @property
    def name(self) -> str:
        return f"{self.pipeline}-{self.number}"

    @property
    def check(self) -> str:
        return f"Tekton / {self.pipeline}"

    @property
    def times(self) -> tuple[float, ...]:
        """Of each stage: created, running, one task done, two, ended."""
        return (self.created, *self.changes, self.ends)


@dataclass
class Workload:
    runs: list[Planned] = field(default_factory=list)

    @property
    def ends(self) -> float:
        """When the last one ends."""
        return max(run.ends for run in self.runs)

    def of(self, tenant: str) -> list[Planned]:
        return [run for run in self.runs if run.tenant == tenant]

    def steps(self) -> list[tuple[float, Planned, int]]:
        """All that happens, in order: when, to which run, and the number of the stage that it reaches."""
        found = ((time, run, _stage(run, index)) for run in self.runs for index, time in enumerate(run.times))
        return sorted(found, key=lambda step: (step[0], step[1].number))

    def conversations(self) -> dict[tuple[str, int, str], list[Planned]]:
        """The runs that share a comment, by repository, pull request and pipeline; the one that was created last is
        the last."""
        found: dict[tuple[str, int, str], list[Planned]] = {}
        for run in sorted(self.runs, key=lambda run: run.created):
            if run.pull:
                found.setdefault((run.repository, run.pull, run.pipeline), []).append(run)
        return found


ENDED = 4


def _stage(run: Planned, index: int) -> int:
    return ENDED if index == len(run.times) - 1 else index


def workload(flood: int, small: int, seed: int, seconds: float = HOUR) -> Workload:
    """So many runs of each tenant, created within so many seconds: the flood's at random, the small one's evenly.

    What the small tenant does is the same with any flood.
    """
    numbers = itertools.count(1)
    made = Workload()
    for tenant, count in ((SMALL, small), (FLOOD, flood)):
        random = Random(f"{seed} {tenant}")
        pushes = _pushes(tenant, count, seconds, random)
        made.runs += [run for push in pushes for run in push.runs(numbers, random)][:count]
    return made


@dataclass(frozen=True)
class _Push:
    """One commit, for which each pipeline runs once."""

    tenant: str
    repository: str
    time: float
    pull: int

    def runs(self, numbers: Iterator[int], random: Random) -> list[Planned]:
        sha = f"{random.getrandbits(160):040x}"
        names = PIPELINES if self.tenant == FLOOD else PIPELINES[:1]
        return [self._run(next(numbers), sha, name, random) for name in names]

    def _run(self, number: int, sha: str, pipeline: str, random: Random) -> Planned:
        ending = random.choices(ENDINGS, [each.weight for each in ENDINGS])[0]
        created = self.time + random.uniform(0, 1)
        began = created + random.uniform(2, 30)
        lasts = min(1200.0, max(20.0, random.lognormvariate(5.0, 0.8)))
        counts, weights = zip(*FINDINGS, strict=True)
        return Planned(
            number=number,
            tenant=self.tenant,
            repository=self.repository,
            sha=sha,
            pipeline=pipeline,
            created=created,
            changes=(began, began + lasts / 3, began + 2 * lasts / 3) if ending.began else (),
            ends=began + lasts if ending.began else began,
            ending=ending,
            pull=self.pull,
            findings=random.choices(counts, weights)[0] if ending is FAILED else 0,
        )


def _pushes(tenant: str, runs: int, seconds: float, random: Random) -> list[_Push]:
    count = -(-runs // (len(PIPELINES) if tenant == FLOOD else 1))
    names = [f"{OWNER}/{tenant}-{number}" for number in range(REPOSITORIES[tenant])]
    pulls, made = itertools.count(1), list[_Push]()
    times = [random.uniform(0, seconds) for _ in range(count)]
    if tenant == SMALL:
        times = [(number + random.random()) * seconds / count for number in range(count)]
    while len(made) < count:
        time, repository = times[len(made)], random.choice(names)
        if random.random() >= PULLS:
            made.append(_Push(tenant, repository, time, 0))
            continue
        pull = next(pulls)
        later = time + random.uniform(120, 900)
        made += [_Push(tenant, repository, time, pull), _Push(tenant, repository, later, pull)]
    return made[:count]


def quantile(values: Sequence[float], part: float) -> float:
    """The least value that is not exceeded by this part of them; 0 for none."""
    ordered = sorted(values)
    at = bisect.bisect_left(range(len(ordered)), part * len(ordered) - 1)
    return ordered[min(at, len(ordered) - 1)] if ordered else 0.0
