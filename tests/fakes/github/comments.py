"""Comments in the conversation of a pull request, which to this API is an issue.

https://docs.github.com/en/rest/issues/comments
"""

from tests.fakes.github.call import Answer, ApiError, invalid_request, not_found
from tests.fakes.github.clock import seconds
from tests.fakes.github.entities import Comment, CommentWrite, Repository
from tests.fakes.github.paging import page
from tests.fakes.github.pulls import find_pull
from tests.fakes.github.render_talk import comment_json
from tests.fakes.github.routing import Context, route
from tests.fakes.github.world import loop_time

LONGEST = 65_536  # characters
EITHER = ("issues", "pull_requests")


@route("POST", "/repos/{repo}/issues/{number}/comments", "issues/comments#create-an-issue-comment")
def create_comment(context: Context) -> Answer:
    repository = context.repository_with_any(EITHER, "write")
    pull = find_pull(context, repository)
    if (
        pull.locked
    ):  # https://docs.github.com/en/communities/moderating-comments-and-conversations/locking-conversations
        raise ApiError(403, "Unable to create comment because issue is locked.")
    body, now, app = _body(context), context.call.time, context.identity.acting_app
    comment = Comment(
        id=context.world.next_run_id(),
        repository=repository,
        number=pull.number,
        author=context.identity.login,
        app_id=app.id if app else None,
        body=body,
        created=now,
        updated=now,
        loop_time=loop_time(),
    )
    pull.comments.append(comment)
    context.world.comments[comment.id] = comment
    return _written(context, comment, 201)


@route("GET", "/repos/{repo}/issues/{number}/comments", "issues/comments#list-issue-comments")
def list_comments(context: Context) -> Answer:
    """Oldest first; `since` leaves out those that were not changed since."""
    repository = context.repository_with_any(EITHER, "read")
    horizon, since = loop_time() - context.call.lag, _since(context)
    comments = find_pull(context, repository).comments
    visible = [each for each in comments if each.loop_time <= horizon and each.updated >= since]
    found, headers = page(context.call, repository, visible)
    body = [comment_json(context.call, each, context.world.apps) for each in found]
    return Answer(status=200, body=body, headers=headers)


@route("GET", "/repos/{repo}/issues/comments/{comment_id}", "issues/comments#get-an-issue-comment")
def get_comment(context: Context) -> Answer:
    comment = _comment(context, context.repository_with_any(EITHER, "read"))
    return Answer(status=200, body=comment_json(context.call, comment, context.world.apps))


@route("PATCH", "/repos/{repo}/issues/comments/{comment_id}", "issues/comments#update-an-issue-comment")
def update_comment(context: Context) -> Answer:
    comment = _to_change(context)
    comment.body = _body(context)
    comment.updated = context.call.time
    return _written(context, comment, 200)


@route("DELETE", "/repos/{repo}/issues/comments/{comment_id}", "issues/comments#delete-an-issue-comment")
def delete_comment(context: Context) -> Answer:
    comment = _to_change(context)
    comment.repository.pulls[comment.number].comments.remove(comment)
    del context.world.comments[comment.id]
    context.call.written = comment
    return Answer(status=204)


def _to_change(context: Context) -> Comment:
    """Who may write comments may change those of others, unless the test says no."""
    repository = context.repository_with_any(EITHER, "write")
    comment = _comment(context, repository)
    if comment.author != context.identity.login and not repository.edits_of_others:
        raise ApiError(403, "Resource not accessible by integration")
    return comment


def _comment(context: Context, repository: Repository) -> Comment:
    number = context.call.parts["comment_id"]
    comment = context.world.comments.get(int(number)) if number.isdecimal() else None
    if comment is None or comment.repository is not repository:
        raise not_found()
    return comment


def _body(context: Context) -> str:
    sent = context.call.body
    if not isinstance(sent, dict):
        raise ApiError(400, "Body should be a JSON object")
    if "body" not in sent:
        raise invalid_request('"body" wasn\'t supplied.')
    body = sent["body"]
    if not isinstance(body, str):
        raise invalid_request("For 'properties/body', the value is not a string.")
    if not body.strip():
        raise _unprocessable("Body cannot be blank")
    if len(body) > LONGEST:  # https://github.com/vebr/jest-lcov-reporter/issues/14
        raise _unprocessable(f"Body is too long (maximum is {LONGEST} characters)")
    return body


def _unprocessable(message: str) -> ApiError:
    error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
    return ApiError(422, "Validation Failed", errors=[error])


def _since(context: Context) -> float:
    try:
        return seconds(context.call.query.get("since", "1970-01-01T00:00:00Z"))
    except ValueError:
        raise invalid_request("For 'properties/since', the value is not a date-time.") from None


def _written(context: Context, comment: Comment, status: int) -> Answer:
    call = context.call
    comment.history.append(CommentWrite(time=call.time, method=call.method, body=comment.body))
    call.written = comment
    return Answer(status=status, body=comment_json(call, comment, context.world.apps))
