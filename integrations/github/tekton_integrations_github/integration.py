"""Keeps what GitHub shows of a commit equal to the run: a check run (with an App) or a commit status (with a token),
and where they are asked for a check for each task, a deployment and a comment."""

import hashlib
from collections.abc import Mapping
from functools import partial

from msgspec.structs import replace

from tekton_integrations import (
    Context,
    Found,
    Integration,
    PermanentError,
    Record,
    Rehearsal,
    Result,
    Run,
    Source,
    State,
    Target,
    clean,
)
from tekton_integrations.words import footer
from tekton_integrations_github import checks, comments, deployments, inference, output, statuses, tasks, trial
from tekton_integrations_github.calls import Access
from tekton_integrations_github.options import APP, MAX_NAME, TOKEN, GitHubOptions
from tekton_integrations_github.rehearsal import rehearsal
from tekton_integrations_github.report import Report, has_app


class GitHub(Integration):
    name = "github"
    Options = GitHubOptions
    provider_types = (APP, TOKEN)
    inferable = inference.INFERABLE

    def __init__(self) -> None:
        self._access = Access()
        self._absent = comments.Absent()

    def target(self, run: Run, options: GitHubOptions) -> Target:
        inference.refuse_if_reported(run, options)
        # GitHub does not tell upper from lower case in these.
        repository, sha = f"{options.owner}/{options.repo}".lower(), options.sha.lower()
        labels = {"repository-hash": hashlib.sha256(repository.encode()).hexdigest()[:16], "sha": sha}
        if options.pull:
            labels["pull-request"] = str(options.pull)
        if comment := comments.share(run, options, repository):
            labels[comments.LABEL] = comment
        # The pipeline's name may come from a resolver's parameter, which nobody checks.
        name = options.name or clean(f"Tekton / {run.pipeline}", MAX_NAME)
        deployment, status = deployments.share(options, repository, sha), statuses.share(repository, name, sha)
        shares = tuple(filter(None, (comment, deployment, status)))
        return Target(resource=repository, name=name, detail=sha, labels=labels, shares=shares)

    def newest_at(self, target: Target, provider_type: str) -> tuple[str, ...]:
        """An App's checks are each run's own."""
        if provider_type == APP.name:
            return tuple(share for share in target.shares if not statuses.is_share(share))
        return ("", *target.shares)

    def progress(self, run: Run, options: GitHubOptions) -> tuple[str, ...]:
        return (run.message, *run.children) if run.state is State.RUNNING else ()

    def infer(self, source: Source) -> Mapping[str, Found]:
        return inference.infer(source)

    def is_asked(self, source: Source) -> bool:
        return inference.asks(source)

    async def reconcile(self, run: Run, options: GitHubOptions, record: Record, context: Context) -> Result:
        inference.refuse_other_host(options, context.credential.endpoint)
        report = Report.of(self._access, run, options, record, context)
        await (checks if report.by_app else statuses).ready(report)
        await report.gather()
        shown = await (_show_checks(report) if report.by_app else _show_status(report))
        refused: list[PermanentError] = []
        for name, show in (("deployment", deployments.show), ("comment", partial(comments.show, absent=self._absent))):
            try:
                await show(report)
            except PermanentError as error:
                error.message = f"{shown}; but its {name} could not be brought up to date: {error.message}"
                refused.append(error)
        if refused:
            raise refused[0]
        again = report.until_another_look
        return Result(memory=report.memory, url=report.url, summary=shown, requeue_after=again)

    async def check(self, context: Context) -> None:
        await trial.check(context)

    def rehearsal(self, provider_type: str, endpoint: str, target: Target) -> Rehearsal:
        return rehearsal(endpoint, target)

    async def settle(self, record: Record, context: Context) -> None:
        try:
            if has_app(context):
                await checks.settle(self._access, record, context, tasks.external_ids(record, context.external_id))
            else:
                await statuses.settle(self._access, record, context)
        finally:  # one that is refused leaves the other to be ended
            await deployments.settle(self._access, record, context)


async def _show_checks(report: Report) -> str:
    """A sentence on what is shown."""
    single, notes = await tasks.planned(report) if report.wants_tasks else ([], ())
    shown = f"check {_named(report)}"
    report.page = replace(report.page, notes=notes, footer=footer(shown, report.context.because))
    await checks.show(report)
    report.page = replace(report.page, check_url=report.url)
    if refused := await tasks.show(report, single):
        report.page = replace(report.page, notes=(*notes, tasks.not_granted(refused)))
        await checks.show(report)
    return shown


async def _show_status(report: Report) -> str:
    if not await statuses.show(report):
        return f"status {report.target.name!r} of {report.target.resource}: a newer run shows in its place"
    report.page = replace(report.page, check_url=report.url)
    # Whoever waits for them as required checks would wait for ever.
    tasks_too = "; its tasks have none, since `checks: tasks` needs a GitHub App" if report.wants_tasks else ""
    return f"status {_named(report)}{tasks_too}"


def _named(report: Report) -> str:
    outcome = output.title(report.run, report.children)
    return f"{report.target.name!r} of {report.target.resource}: {outcome}"
