"""Pull requests, as far as reports on commits look for them.

https://docs.github.com/en/rest/pulls/pulls
"""

from tests.fakes.github.call import Answer, not_found
from tests.fakes.github.entities import PullRequest, Repository
from tests.fakes.github.paging import page
from tests.fakes.github.render_talk import pull_json
from tests.fakes.github.repositories import find_commit
from tests.fakes.github.routing import Context, route


@route("GET", "/repos/{repo}/pulls/{number}", "pulls/pulls#get-a-pull-request")
def get_pull(context: Context) -> Answer:
    pull = find_pull(context, context.repository("pull_requests", "read"))
    return Answer(status=200, body=pull_json(context.call, pull))


@route(
    "GET",
    "/repos/{repo}/commits/{ref}/pulls",
    "commits/commits#list-pull-requests-associated-with-a-commit",
)
def list_pulls_of_a_commit(context: Context) -> Answer:
    """Those of forks are not found by their commits."""
    repository = context.repository("pull_requests", "read")
    commit = find_commit(context, repository)
    mine = [each for each in repository.pulls.values() if each.head_sha == commit.sha and not each.fork]
    found, headers = page(context.call, repository, mine)
    return Answer(status=200, body=[pull_json(context.call, each) for each in found], headers=headers)


def find_pull(context: Context, repository: Repository) -> PullRequest:
    number = context.call.parts["number"]
    pull = repository.pulls.get(int(number)) if number.isdecimal() else None
    if pull is None:
        raise not_found()
    return pull
