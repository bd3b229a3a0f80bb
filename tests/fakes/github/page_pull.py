"""The page of a pull request: its conversation, its deployments, and the box that says whether it may be merged."""

from html import escape

from tests.fakes.github.entities import CheckRun, Comment, Deployment, PullRequest, Status
from tests.fakes.github.markdown import markdown
from tests.fakes.github.markdown_inline import link
from tests.fakes.github.page_parts import icon, sentence, state_of, verdict

# state of a deployment → state of its icon, what the line says before the environment's name, the word in the pill
SAYS = {
    "success": ("success", "deployed to", "Active"),
    "failure": ("failure", "failed to deploy to", "Failure"),
    "error": ("failure", "had a problem deploying to", "Error"),
    "inactive": ("neutral", "deployed to", "Inactive"),
    "in_progress": ("in_progress", "started deploying to", "In progress"),
    "queued": ("queued", "queued a deployment to", "Queued"),
    "pending": ("pending", "requested a deployment to", "Pending"),
}


def pull_page(pull: PullRequest, reports: list[CheckRun | Status]) -> str:
    """`reports` are those of its head that count."""
    state = "Open" if pull.state == "open" else "Closed"
    return (
        f'<section class="verdict"><div><h1>{escape(pull.title)} <span class="soft">#{pull.number}</span></h1>'
        f'<p><span class="pill {state.lower()}">{state}</span> wants to merge '
        f"<code>{pull.head_sha[:7]}</code> into <code>main</code></p></div></section>"
        f'<main class="narrow talk">{conversation(pull)}{merge_box(pull, reports)}</main>'
    )


def conversation(pull: PullRequest) -> str:
    """Comments and deployments in their order; empty where there are none."""
    mine = [each for each in pull.repository.deployments if each.sha == pull.head_sha]
    entries = [(each.created, each.id, comment_box(each)) for each in pull.comments]
    entries += [(each.created, each.id, f'<div class="event">{deployment_line(each)}</div>') for each in mine]
    return "".join(html for _, _, html in sorted(entries))


def comment_box(comment: Comment) -> str:
    name = comment.author.removesuffix("[bot]")
    bot = ' <span class="pill">bot</span>' if name != comment.author else ""
    edited = " · edited" if len(comment.history) > 1 else ""
    return (
        f'<section class="comment" id="issuecomment-{comment.id}"><header><b>{escape(name)}</b>{bot} '
        f'<span class="soft">commented{edited}</span></header>'
        f'<div class="markdown">{markdown(comment.body)}</div></section>'
    )


def deployment_line(deployment: Deployment) -> str:
    state, says, word = SAYS[deployment.state]
    newest = deployment.statuses[-1] if deployment.statuses else None
    where = f"<b>{escape(deployment.environment)}</b>"
    if newest and newest.environment_url:
        where = link(newest.environment_url, where)
    note = newest.description if newest else ""
    logs = f" · {link(newest.log_url, 'Logs')}" if newest and newest.log_url else ""
    name = escape(deployment.creator.removesuffix("[bot]"))
    return (
        f'<div class="line">{icon(state)}<div>{name} {says} {where} <span class="pill">{word}</span>'
        f"<small>{escape(note)}{logs}</small></div></div>"
    )


def merge_box(pull: PullRequest, reports: list[CheckRun | Status]) -> str:
    state, headline, counts = verdict([state_of(each) for each in reports])
    rows = "".join(f"<li>{_report(each)}</li>" for each in reports)
    return (
        f'<section class="merge"><header>{icon(state)}<div><b>{escape(headline)}</b>'
        f"<small>{escape(counts)}</small></div></header><ul>{rows}</ul></section>"
    )


def _report(report: CheckRun | Status) -> str:
    if isinstance(report, Status):
        name, note, url = report.context, report.description or report.state, report.target_url or ""
        details = f'<span class="more">{link(url, "Details")}</span>' if url else ""
    else:
        name, note = report.name, sentence(report)
        note += f" — {report.output.title}" if report.output.title else ""
        url = f"/{report.repository.full_name}/runs/{report.id}"
        details = f'<span class="more"><a href="{escape(url)}">Details</a></span>'
    return f"{icon(state_of(report))}<div><b>{escape(name)}</b> <small>{escape(note)}</small></div>{details}"
