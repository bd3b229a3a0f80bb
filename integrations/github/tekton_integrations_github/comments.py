"""One comment for each pull request and pipeline, kept up to date by the newest run: at most one e-mail for its author.

Its id is remembered in the record, and found in those of earlier runs; else by a hidden marker, in comments that our
App or our token's user wrote. https://docs.github.com/en/rest/issues/comments
"""

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext

import msgspec
from msgspec.structs import replace

from tekton_integrations import PermanentError, Record, Run, TemporaryError
from tekton_integrations_github import output
from tekton_integrations_github.needs import COMMENTS
from tekton_integrations_github.options import GitHubOptions
from tekton_integrations_github.report import Report, digest

ID, SHOWN = "comment-id", "comment-shown"
# A digest of what it shows besides a log, where it has one.
BARE = "comment-bare"
# A record's label, by which a run finds what earlier ones remember; and the same in the memory, since an edited
# annotation asks for another comment.
LABEL = PLACE = "comment"
# Seconds by which the clock of the process that announced another run's comment may be ahead of ours, or behind.
SKEW = 60.0
_A_WHILE, _MOST = 600.0, 10_000


class _App(msgspec.Struct):
    id: int


class _User(msgspec.Struct):
    login: str = ""


class Comment(msgspec.Struct):
    """What GitHub says of one, as far as it matters."""

    id: int
    body: str | None = None
    performed_via_github_app: _App | None = None
    user: _User | None = None


def share(run: Run, options: GitHubOptions, repository: str) -> str:
    """Names the comment that several runs share, opaque; empty where none is wanted."""
    if options.comment == "never" or not options.pull:
        return ""
    parts = (run.namespace, repository, str(options.pull), run.pipeline)
    return hashlib.sha256("\0".join(("comment", *parts)).encode()).hexdigest()[:32]


class Absent:
    """Where there was no comment when GitHub was asked last: green runs need not ask each time. For a while, since
    another process may have made one meanwhile."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def note(self, key: str, now: float) -> None:
        while len(self._until) >= _MOST:
            del self._until[next(iter(self._until))]
        self._until[key] = now + _A_WHILE

    def holds(self, key: str, now: float) -> bool:
        return self._until.get(key, 0.0) > now

    def forget(self, key: str) -> None:
        self._until.pop(key, None)


def _same(text: str | None, other: str) -> bool:
    """But for white space, which GitHub may change."""
    return (text or "").split() == other.split()


async def show(report: Report, absent: Absent) -> None:
    """Writes it at a run's end: at a failure, or with `always`; and at any end where there is one already."""
    key = share(report.run, report.options, report.target.resource)
    if not key or not report.run.final:
        return
    async with report.context.exclusive(f"comment {key}"):
        if report.context.newest(key):
            await _Place(report, key, absent).write()


class _Place:
    """Where the comment is, or will be."""

    def __init__(self, report: Report, key: str, absent: Absent) -> None:
        self._report = report
        self._absent = absent
        self._marker = f"<!-- tekton-integrations:{key} -->"
        self._key = key
        self._path = f"/issues/{report.options.pull}/comments"
        # Ours, oldest first, once GitHub was asked.
        self._found: list[Comment] = []
        # What it says besides a log.
        self._bare = self._text(replace(report.page, excerpts={}))

    def _text(self, page: output.Page) -> str:
        return output.comment(self._report.run, self._report.children, page, self._marker)

    async def write(self) -> None:
        report = self._report
        body = self._text(report.page)
        wanted = report.options.comment == "always" or report.run.state.red
        if report.memory.get(PLACE, self._key) != self._key:
            report.keep({ID: "", SHOWN: "", PLACE: "", BARE: ""})
        # Before anything is looked for: what has to wait would look again each time.
        writes = wanted and not self._shows(report.number(ID), body)
        async with report.calls.held(COMMENTS) if writes else nullcontext():
            known = await self._known(wanted)
        if known and not await self._bring(known, body):
            known = await self._known(wanted)  # another run may know of another one
            known = known if known and await self._bring(known, body) else 0
        if known:
            await self._end_twins(known)
        elif wanted:
            await self._create(body)

    async def _create(self, body: str) -> None:
        report = self._report
        await report.calls.ready(COMMENTS)
        # Before: a call that is cut may have made one, of which a newer run that is green has to know.
        self._absent.forget(self._key)
        async with report.context.attempt():
            made = await self._send("POST", self._path, body)
        self._keep(made.id, body)

    def _keep(self, known: int, body: str) -> None:
        bare = digest(self._bare) if body != self._bare else ""
        self._report.keep({ID: str(known), SHOWN: digest(body), PLACE: self._key, BARE: bare})

    @property
    def _log_gone(self) -> bool:
        """All is shown, but that the log in it can't be read any more: it stays."""
        gone = any(excerpt.gone for excerpt in self._report.page.excerpts.values())
        return gone and self._report.memory.get(BARE) == digest(self._bare)

    def _shows(self, known: int, body: str) -> bool:
        if body == self._bare and self._log_gone:
            return not self._found or any(each.id == known for each in self._found)
        if self._found:
            shown = any(each.id == known and _same(each.body, body) for each in self._found)
            if shown:
                self._keep(known, body)
            return shown
        return self._report.memory.get(SHOWN) == digest(body)

    async def _end_twins(self, kept: int) -> None:
        """What a cut call made after all says where the other one is, and is not taken for it again."""
        there = self._report.calls.web(f"/pull/{self._report.options.pull}#issuecomment-{kept}")
        for twin in self._found:
            if twin.id != kept:
                await self._send("PATCH", f"/issues/comments/{twin.id}", f"A duplicate of [this comment]({there}).")

    async def _send(self, method: str, path: str, body: str) -> Comment:
        made: Comment = await self._report.calls.call(method, path, {"body": body}, need=COMMENTS, kind=Comment)
        return made

    async def _bring(self, known: int, body: str) -> bool:
        """Up to date. False where somebody deleted it."""
        if self._shows(known, body):
            return True
        try:
            await self._send("PATCH", f"/issues/comments/{known}", body)
        except PermanentError as error:
            if error.reason != "NotFound":
                raise
            self._report.keep({ID: "", SHOWN: "", PLACE: "", BARE: ""})
            return False
        self._keep(known, body)
        return True

    async def _known(self, wanted: bool) -> int:
        """The comment's id, 0 if there is none. GitHub is asked last: each page of comments costs a call."""
        report, now = self._report, self._report.context.now()
        if not report.context.search and (mine := report.number(ID)):
            return mine
        if not (wanted or report.context.search) and self._absent.holds(self._key, now):
            return 0
        siblings = await report.context.siblings(LABEL, self._key)
        if not report.context.search and (theirs := await self._remembered(siblings)):
            return theirs
        if found := await self._search():
            return found[0].id
        # One that is overdue is found, or was not made: whoever announced it may wait for hours to look itself.
        doubtful = max((sibling.intent.deadline + SKEW for sibling in siblings if sibling.intent), default=0.0)
        if doubtful > now:
            message = "another run of this pull request may be about to comment; looking again before making a comment"
            raise TemporaryError("MaybeSent", message, min(doubtful - now, 2 * SKEW))
        self._absent.note(self._key, now)
        return 0

    async def _remembered(self, siblings: Sequence[Record]) -> int:
        """What earlier runs remember is looked at before it is changed: it may be gone, or not be ours."""
        login = await self._report.calls.login()
        known = {sibling.memory.get(ID, "") for sibling in siblings if sibling.memory.get(PLACE) == self._key}
        for number in sorted((int(each) for each in known if each.isdecimal()), reverse=True):
            try:
                path = f"/issues/comments/{number}"
                comment = await self._report.calls.call("GET", path, need=COMMENTS, kind=Comment)
            except PermanentError as error:
                if error.reason != "NotFound":
                    raise
            else:
                if self._mine(comment, login):
                    return number
        return 0

    async def _search(self) -> list[Comment]:
        report = self._report
        login = await report.calls.login()

        def pick(page: list[Comment]) -> list[Comment]:
            return [each for each in page if self._mine(each, login)]

        # Ten of the longest that there are, in emoji, fit into an answer.
        path = f"{self._path}?per_page=10"
        mine = await report.calls.pages(path, need=COMMENTS, kind=list[Comment], pick=pick)
        self._found = sorted(mine, key=lambda each: each.id)
        return self._found

    def _mine(self, comment: Comment, login: str) -> bool:
        """The marker alone can be forged by whoever may comment."""
        if self._marker not in (comment.body or ""):
            return False
        if self._report.by_app:
            app = comment.performed_via_github_app
            return app is not None and app.id == self._report.context.credential.settings.app_id
        return comment.user is not None and bool(login) and comment.user.login == login
