"""The comment on a pull request, in text that only people read.

Bots read the raw text of comments, also within code, and obey lines such as `/approve` or `@dependabot merge`. So in
what others wrote a WORD JOINER (U+2060) goes before a slash that opens a line, after each @, into `#12`, and into what
would open a hidden comment. It has no width, and no language's trim or `\\s` takes it for a blank, as some do with
U+200B or U+FEFF, so for them the line opens with a letter; a slash that looks alike would spoil what people read. Pure.
"""

import re
from collections.abc import Sequence

from tekton_integrations import Child, Run
from tekton_integrations.outcome import culprits, run_to_blame, title
from tekton_integrations.text import size
from tekton_integrations_github.excerpts import logs
from tekton_integrations_github.markdown import code, link, prose
from tekton_integrations_github.page import Page, reasons, sentence
from tekton_integrations_github.states import LOOKS
from tekton_integrations_github.table import table

# GitHub takes 65,536 characters; all mail that it sends holds the comment.
MAX_BYTES = 24_000
MAX_LOG = 8_000
_MOST_ROWS = 20
_NAMED = 5
_TURN_OFF = "Turn these comments off with the annotation `github.integrations.tekton.dev/comment: never`."
_JOINER = "\u2060"
# A slash that opens a line, or follows only blanks and signs of quotes, lists, code and tables.
_COMMAND = re.compile(r"^((?:[^\S\n]|[>\-+*.)|`~'\"└\d])*)/", re.MULTILINE)
_MENTION = re.compile(r"@(?=\w)")
_REFERENCE = re.compile(r"(#|\bGH-)(?=\d)", re.IGNORECASE)
_HIDDEN = re.compile(r"<(?=!)")


def comment(run: Run, children: Sequence[Child], page: Page, marker: str) -> str:
    """Ends with the marker, by which it is found again."""
    look = LOOKS[run.state]
    head = [f"### {look.sign} {code(page.name or run.pipeline)}", f"**{prose(title(run, children))}**"]
    foot = [_links(page), f"{sentence(run)[:-1]}{f', commit {code(page.sha[:12])}' if page.sha else ''}.", _TURN_OFF]
    log = _log(run, children, page)
    fixed = [*head, _advice(run, children), *reasons(run, children, _NAMED)[1:], log, *foot]
    room = MAX_BYTES - size("\n\n".join(fixed)) - size(marker) - 600
    parts = [*fixed[:-4], table(run, children, room, _MOST_ROWS).rstrip("\n"), *fixed[-4:]]
    links = foot[0]
    body = "\n\n".join(links if part is links else tame(part) for part in parts if part)
    return f"{body}\n\n{marker}"


def tame(text: str) -> str:
    """Nothing in it is a command to a bot, a mention, a reference, or hidden."""
    text = _MENTION.sub(f"@{_JOINER}", text)
    text = _REFERENCE.sub(rf"\g<1>{_JOINER}", text)
    text = _HIDDEN.sub(rf"\g<0>{_JOINER}", text)
    return _COMMAND.sub(rf"\g<1>{_JOINER}/", text)


def _advice(run: Run, children: Sequence[Child]) -> str:
    """What to do about the root cause, which the title tells."""
    found = culprits(run, children)
    cause = run_to_blame(run, found) or (found[0].cause if found else None)
    return f"Advice: {cause.advice}." if cause and cause.advice else ""


def _log(run: Run, children: Sequence[Child], page: Page) -> str:
    """That of the root cause only; the check has the others."""
    for culprit in culprits(run, children):
        excerpt = page.excerpts.get(culprit.child.name)
        if excerpt and excerpt.lines:
            shown = logs([(culprit.child, excerpt)], MAX_LOG)
            return f"<details><summary>End of the log</summary>\n\n{shown}\n\n</details>"
    return ""


def _links(page: Page) -> str:
    """Bots are told nothing by addresses: an @ in them is encoded."""
    found = [link("Check", page.check_url), link("Run", page.details_url)]
    return " · ".join(filter(None, found)).replace("@", "%40")
