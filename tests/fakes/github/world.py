"""All that exists on this GitHub: apps, repositories, commits, tokens; found by name, former name and id."""

import asyncio
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.github.auth import Token
from tests.fakes.github.call import ApiError
from tests.fakes.github.clock import Clock
from tests.fakes.github.entities import App, CheckRun, Comment, Commit, Installation, PullRequest, Repository
from tests.fakes.github.keys import key_pair

FULL_SHA = re.compile(r"[0-9a-f]{40}\Z")
DEFAULT_PERMISSIONS = {
    "checks": "write",
    "statuses": "write",
    "pull_requests": "write",
    "deployments": "write",
    "contents": "read",
    "metadata": "read",
}


def loop_time() -> float:
    return asyncio.get_running_loop().time()


class World:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.repositories: dict[int, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.check_runs: dict[int, CheckRun] = {}
        self.comments: dict[int, Comment] = {}
        # Codes of Apps that are being made: until when they are good, the manifest, and for whom.
        self.app_codes: dict[str, tuple[float, dict[str, Any], str]] = {}
        self.suites: dict[tuple[int, str, int], int] = {}  # (repository, sha, app) -> id
        self._names: dict[str, int] = {}  # lower case, former names too
        self._ids = itertools.count(1)
        self._run_ids = itertools.count(40_000_000_001)  # real ids passed 32 bits years ago

    def next_id(self) -> int:
        return next(self._ids)

    def next_run_id(self) -> int:
        return next(self._run_ids)

    def add_app(self, app_id: int, public_key_pem: str | None, client_id: str | None, name: str) -> App:
        private, public = ("", public_key_pem) if public_key_pem else key_pair(app_id)
        app = App(
            id=app_id,
            client_id=client_id or f"Iv23li{app_id:014d}",
            slug=re.sub(r"\W+", "-", name.lower()),
            name=name,
            public_key_pem=public,
            private_key_pem=private,
        )
        self.apps[app_id] = app
        return app

    def install(self, app: App, repository: Repository, permissions: Mapping[str, str] | None) -> Installation:
        """One installation per App and account, as at GitHub; a later repository joins it."""
        found = self.installation(app, repository.owner)
        if found is None:
            granted = dict(DEFAULT_PERMISSIONS)
            found = Installation(id=self.next_id() + 9_000_000, app=app, account=repository.owner, permissions=granted)
            self.installations[found.id] = found
        if permissions is not None:
            found.permissions = {"metadata": "read"} | dict(permissions)
        found.repositories[repository.id] = repository
        return found

    def installation(self, app: App, account: str) -> Installation | None:
        for each in self.installations.values():
            if each.app is app and each.account.lower() == account.lower():
                return each
        return None

    def add_repository(self, full_name: str, *, private: bool) -> Repository:
        owner, _, name = full_name.partition("/")
        repository = Repository(id=self.next_id() + 1_000_000, owner=owner, name=name, private=private)
        self.repositories[repository.id] = repository
        self._names[full_name.lower()] = repository.id
        return repository

    def rename(self, old: str, new: str) -> None:
        """The former name keeps leading here, until another repository takes it."""
        repository = self.named(old)
        repository.owner, _, repository.name = new.partition("/")
        self._names[new.lower()] = repository.id

    def transfer(self, old: str, new: str, *, installed: bool) -> None:
        """To another owner, whose installations (if `installed`) see it from now on; those of the former one don't."""
        repository = self.named(old)
        former = repository.owner
        self.rename(old, new)
        for each in self.installations.values():
            if each.account.lower() == former.lower() != repository.owner.lower():
                each.repositories.pop(repository.id, None)
            elif installed and each.account.lower() == repository.owner.lower():
                each.repositories[repository.id] = repository

    def find(self, full_name: str) -> Repository | None:
        """By present or former name, in any case."""
        found = self._names.get(full_name.lower())
        return None if found is None else self.repositories.get(found)

    def named(self, full_name: str) -> Repository:
        repository = self.find(full_name)
        if repository is None:
            raise KeyError(f"no repository {full_name!r}: add_repository() first")
        return repository

    def add_commit(self, repository: Repository, sha: str, message: str) -> Commit:
        commit = Commit(sha=sha, message=message, created=self.clock.now())
        return repository.commits.setdefault(sha, commit)

    def remove_commit(self, repository: Repository, sha: str) -> None:
        """As when it was forced away and then collected: its check runs are gone as well."""
        for run in repository.commits.pop(sha).runs:
            del self.check_runs[run.id]
        repository.any_commit = False

    def add_pull_request(
        self, repository: Repository, number: int, head_sha: str, *, title: str, fork: bool
    ) -> PullRequest:
        self.add_commit(repository, head_sha, title)
        pull = PullRequest(
            number=number,
            repository=repository,
            head_sha=head_sha,
            title=title,
            fork=fork,
            created=self.clock.now(),
        )
        return repository.pulls.setdefault(number, pull)

    def commit(self, repository: Repository, sha: str) -> Commit:
        """Raises GitHub's 422 for one it does not have."""
        known = repository.commits.get(sha)
        if known is None and repository.any_commit and FULL_SHA.match(sha):
            known = self.add_commit(repository, sha, f"Commit {sha[:7]}")
        if known is None:
            raise ApiError(422, f"No commit found for SHA: {sha}")
        return known

    def suite(self, repository: Repository, sha: str, app_id: int) -> int:
        """GitHub makes one check suite per App and commit."""
        key = (repository.id, sha, app_id)
        if key not in self.suites:
            self.suites[key] = self.next_run_id()
        return self.suites[key]

    def all_commits(self) -> Iterator[tuple[Repository, Commit]]:
        for repository in self.repositories.values():
            for commit in repository.commits.values():
                yield repository, commit


def permission_map(permissions: Mapping[str, str] | Iterable[str] | None) -> dict[str, str]:
    """`{"checks": "write"}` or `["checks:write"]`; None is what a token with the scope `repo` may do."""
    if permissions is None:
        return dict.fromkeys((*DEFAULT_PERMISSIONS, "issues"), "write")
    if isinstance(permissions, Mapping):
        return {"metadata": "read", **permissions}
    pairs = (each.partition(":") for each in permissions)
    return {"metadata": "read"} | {name: level or "read" for name, _, level in pairs}
