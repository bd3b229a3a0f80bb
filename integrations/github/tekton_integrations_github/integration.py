"""Keeps one check run (with an App) or one commit status (with a token) equal to the run."""

import hashlib

from tekton_integrations import Context, Integration, Record, Result, Run, Target, clean
from tekton_integrations_github import checks, statuses
from tekton_integrations_github.auth import Tokens
from tekton_integrations_github.options import APP, MAX_NAME, TOKEN, GitHubOptions


class GitHub(Integration):
    name = "github"
    Options = GitHubOptions
    provider_types = (APP, TOKEN)

    def __init__(self) -> None:
        self._tokens = Tokens()

    def target(self, run: Run, options: GitHubOptions) -> Target:
        # GitHub does not tell upper from lower case in these.
        repository, sha = f"{options.owner}/{options.repo}".lower(), options.sha.lower()
        digest = hashlib.sha256(repository.encode()).hexdigest()[:16]
        return Target(
            resource=repository,
            # The pipeline's name may come from a resolver's parameter, which nobody checks.
            name=options.name or clean(f"Tekton / {run.pipeline}", MAX_NAME),
            detail=sha,
            labels={"repository-hash": digest, "sha": sha},
        )

    async def reconcile(self, run: Run, options: GitHubOptions, record: Record, context: Context) -> Result:
        children = await context.children() if run.state.red else []
        show = checks.show if _has_app(context) else statuses.show
        return await show(self._tokens, run, children, record, context)

    async def settle(self, record: Record, context: Context) -> None:
        settle = checks.settle if _has_app(context) else statuses.settle
        await settle(self._tokens, record, context)


def _has_app(context: Context) -> bool:
    """Only Apps may write check runs; see https://docs.github.com/en/rest/checks/runs."""
    return context.credential.type == APP.name
