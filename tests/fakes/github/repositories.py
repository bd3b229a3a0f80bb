"""Endpoints of repositories and commits."""

from urllib.parse import unquote

from tests.fakes.github.call import Answer, ApiError
from tests.fakes.github.entities import Commit, Repository
from tests.fakes.github.render import commit_json, repository_json
from tests.fakes.github.routing import Context, route


@route("GET", "/repos/{repo}", "repos/repos#get-a-repository")
def get_repository(context: Context) -> Answer:
    repository = context.repository("metadata", "read")
    return Answer(status=200, body=repository_json(context.call, repository))


@route("GET", "/repos/{repo}/commits/{ref}", "commits/commits#get-a-commit")
def get_commit(context: Context) -> Answer:
    repository = context.repository("contents", "read")
    return Answer(status=200, body=commit_json(context.call, repository, find_commit(context, repository)))


def find_commit(context: Context, repository: Repository) -> Commit:
    """The {ref} of a path: a full sha, or the default branch."""
    ref = unquote(context.call.parts["ref"])
    if ref in ("main", "heads/main", "HEAD"):
        if not repository.commits:
            raise ApiError(409, "Git Repository is empty.")
        return list(repository.commits.values())[-1]
    return context.world.commit(repository, ref)
