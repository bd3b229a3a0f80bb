"""What one reconcile works with: the run, its page, the calls, and the memory that its record keeps.

Memory has ids of what was made at GitHub, and digests of what each shows: what is shown already costs no call.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tekton_integrations import Child, Context, Excerpt, PermanentError, Record, Run, State, Target
from tekton_integrations_github import output
from tekton_integrations_github.calls import Access, Calls
from tekton_integrations_github.options import APP, GitHubOptions

# So many steps' logs are asked for.
MAX_LOGS = 5
# Seconds between looks at what is below a run that goes on without telling of progress: at first, and at most.
FIRST_LOOK, LAST_LOOK = 60.0, 1800.0


@dataclass(kw_only=True)
class Report:
    """`children` and `page` are filled by `gather`; `memory` and `url` are the record's, and what was added."""

    run: Run
    options: GitHubOptions
    target: Target
    context: Context
    calls: Calls
    memory: dict[str, str]
    url: str
    # Whether it is shown as running for the first time: then there is nothing to tell of its tasks yet.
    begins: bool = False
    children: Sequence[Child] = ()
    page: output.Page = field(default_factory=output.Page)

    @classmethod
    def of(cls, access: Access, run: Run, options: GitHubOptions, record: Record, context: Context) -> "Report":
        assert record.target is not None
        calls = Calls(access, record.target, context, final=run.final)
        return cls(
            run=run,
            options=options,
            target=record.target,
            context=context,
            calls=calls,
            memory=dict(record.memory),
            url=record.url,
            begins=run.state is State.RUNNING and record.observed_state != str(run.state),
        )

    @property
    def by_app(self) -> bool:
        """Only Apps may write check runs; see https://docs.github.com/en/rest/checks/runs."""
        return has_app(self.context)

    @property
    def wants_tasks(self) -> bool:
        return self.options.checks == "tasks"

    @property
    def until_another_look(self) -> float | None:
        """That a task's pod can't start shows in its TaskRun alone, of which nobody tells us. To read it costs the API
        server a list, so it is read when the run is a minute old, and each time that it has grown twice as old."""
        if self.run.kind != "PipelineRun" or self.run.state is not State.RUNNING or not self.by_app:
            return None
        age = self.context.now() - (self.run.started or self.run.created)
        return min(max(age, FIRST_LOOK), LAST_LOOK)

    @property
    def _needs_children(self) -> bool:
        """To read them costs the API server more than all else of a report."""
        if self.run.state is State.QUEUED or (self.begins and not self.wants_tasks):
            return False
        return self.by_app or self.run.state.red

    async def gather(self) -> None:
        """Reads what the page shows besides the run itself."""
        if self._needs_children:
            self.children = output.ended(self.run, await self.context.children())
        excerpts = await self._excerpts() if self.run.final else {}
        self.page = output.Page(
            excerpts=excerpts,
            details_url=self.context.details_url,
            name=self.target.name,
            sha=self.target.detail,
        )

    async def _excerpts(self) -> Mapping[str, Excerpt]:
        """Of what failed, where a place for them will be: a check's page, or a comment."""
        shown = self.by_app or (self.options.comment != "never" and self.options.pull)
        wanted = [each.child for each in output.culprits(self.run, self.children) if each.wants_log]
        if not wanted or not shown or self.options.logs == "never":
            return {}
        if self.options.logs != "always" and await self.calls.public():
            reason = "the repository is not private; to show logs there set github.integrations.tekton.dev/logs: always"
            return {child.name: Excerpt(withheld=reason) for child in wanted}
        excerpts = await asyncio.gather(*map(self.context.excerpt, wanted[:MAX_LOGS]))
        unread = Excerpt(withheld=f"no more than {MAX_LOGS} logs are shown")
        excerpts += [unread] * (len(wanted) - len(excerpts))
        return {child.name: excerpt for child, excerpt in zip(wanted, excerpts, strict=True)}

    def keep(self, values: Mapping[str, str]) -> None:
        """Remembers; an empty value forgets."""
        merged = {**self.memory, **values}
        self.memory = {key: value for key, value in merged.items() if value}
        self.context.remember(self.memory)

    def number(self, key: str) -> int:
        return number(self.memory, key)


def number(memory: Mapping[str, str], key: str) -> int:
    """An id, 0 if there is none yet. What can't be read must not be taken for nothing."""
    text = memory.get(key, "0")
    if not text.isdecimal():
        cure = "set another `name` to start over"
        raise PermanentError("UnreadableMemory", f"the record's annotation {key} is not a number; {cure}")
    return int(text)


def digest(payload: Any) -> str:
    """Short, to tell whether what is shown has to change."""
    return hashlib.sha256(msgspec.json.encode(payload, order="deterministic")).hexdigest()[:12]


def has_app(context: Context) -> bool:
    return context.credential.type == APP.name
