"""What there is on this GitHub, for tests: they put it there, and read what became of it."""

from collections.abc import Iterable, Mapping

from tests.fakes.github.auth import Token
from tests.fakes.github.entities import (
    App,
    CheckRun,
    Comment,
    Commit,
    Deployment,
    Installation,
    PullRequest,
    Repository,
    Status,
)
from tests.fakes.github.world import World, permission_map


class Contents:
    def __init__(self, world: World) -> None:
        self.world = world

    def add_app(
        self, app_id: int, *, public_key_pem: str | None = None, client_id: str | None = None, name: str = ""
    ) -> App:
        """Without a public key a pair is made: the App then has its `private_key_pem`."""
        return self.world.add_app(app_id, public_key_pem, client_id, name or f"App {app_id}")

    def add_repository(
        self,
        full_name: str,
        *,
        installation_of: App | None = None,
        permissions: Mapping[str, str] | None = None,
        private: bool = True,
    ) -> Repository:
        """The permissions are those of the whole installation: one per App and owner."""
        repository = self.world.add_repository(full_name, private=private)
        if installation_of is not None:
            self.world.install(installation_of, repository, permissions)
        return repository

    def installation(self, full_name: str, app: App) -> Installation:
        """To change its permissions, suspend it, or take a repository from it."""
        found = self.world.installation(app, full_name.partition("/")[0])
        if found is None:
            raise KeyError(f"{app.name} is not installed for {full_name}")
        return found

    def add_commit(self, full_name: str, sha: str, message: str = "") -> Commit:
        return self.world.add_commit(self.world.named(full_name), sha, message or f"Commit {sha[:7]}")

    def accept_any_commit(self, full_name: str) -> None:
        """Every full sha exists from now on, as soon as somebody names it."""
        self.world.named(full_name).any_commit = True

    def add_token(
        self,
        text: str,
        *,
        repositories: Iterable[str] | None = None,
        permissions: Mapping[str, str] | Iterable[str] | None = None,
    ) -> None:
        """A personal token: None stands for all repositories, and for what the scope `repo` may do."""
        ids = None if repositories is None else frozenset(self.world.named(name).id for name in repositories)
        client = f"user {self.world.next_id()}"
        self.world.tokens[text] = Token(
            text=text, client=client, permissions=permission_map(permissions), repositories=ids
        )

    def add_pull_request(
        self, full_name: str, number: int, head_sha: str, *, title: str = "", fork: bool = False
    ) -> PullRequest:
        """Its head is made if there is no such commit. `fork`: from another repository."""
        title = title or f"Pull request {number}"
        return self.world.add_pull_request(self.world.named(full_name), number, head_sha, title=title, fork=fork)

    def rename(self, full_name: str, new: str) -> None:
        """The old name answers with a redirect: 301 to reads, 307 to writes."""
        self.world.rename(full_name, new)

    def transfer(self, full_name: str, new: str, *, installed: bool = True) -> None:
        """To another owner; `installed`: the Apps that are installed there see it. The old name redirects."""
        self.world.transfer(full_name, new, installed=installed)

    def publish(self, full_name: str) -> None:
        """Makes it public."""
        self.world.named(full_name).private = False

    def remove_commit(self, full_name: str, sha: str) -> None:
        self.world.remove_commit(self.world.named(full_name), sha)

    def expire_tokens(self) -> None:
        """Ends all installation tokens, and leaves the clock alone (and with it the clients' JWTs)."""
        for text in [text for text, token in self.world.tokens.items() if token.installation]:
            del self.world.tokens[text]

    def check_runs(self, full_name: str, sha: str) -> list[CheckRun]:
        """Oldest first, twins and all."""
        commit = self.world.named(full_name).commits.get(sha)
        return list(commit.runs) if commit else []

    def all_check_runs(self) -> list[CheckRun]:
        return list(self.world.check_runs.values())

    def statuses(self, full_name: str, sha: str) -> list[Status]:
        """Oldest first."""
        commit = self.world.named(full_name).commits.get(sha)
        return list(commit.statuses) if commit else []

    def comments(self, full_name: str, number: int) -> list[Comment]:
        """Those of a pull request, oldest first."""
        return list(self.world.named(full_name).pulls[number].comments)

    def deployments(self, full_name: str) -> list[Deployment]:
        """Oldest first."""
        return list(self.world.named(full_name).deployments)
