"""A run's card: one message that says what the run is, in a line, and below it where it is and what to do. Pure.

Links are no buttons: a button's click is sent to the App, and one that has nobody to answer shows a warning
(https://github.com/slackapi/node-slack-sdk/issues/869).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tekton_integrations import Child, Record, Run, State
from tekton_integrations.outcome import culprits, run_to_blame, title
from tekton_integrations.text import count, one_line, took
from tekton_integrations_slack import blocks
from tekton_integrations_slack.blocks import Block, link, paragraph, rich, text
from tekton_integrations_slack.looks import LOOKS, Look

# `blocks`, `attachments` and `text` of a message.
Message = dict[str, Any]
UNKNOWN = "Run deleted or no longer shown here, outcome unknown"
_LONGEST_NAME = 100
_LONGEST_TITLE = 600
_OTHERS = 3
_GITHUB = "github.integrations.tekton.dev"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What a card shows besides the run. `mentions`: who is called by it."""

    children: Sequence[Child] = ()
    details_url: str = ""
    mentions: Sequence[str] = ()


def card(run: Run, page: Page) -> Message:
    """At most some 3,000 characters, whatever the run is called and says."""
    look = LOOKS[run.state]
    said = one_line(title(run, page.children), _LONGEST_TITLE)
    name = one_line(run.pipeline or run.name, _LONGEST_NAME)
    called = [each for who in page.mentions for each in (blocks.mention(who), text(" "))]
    head = paragraph(*called, text(f"{look.sign} "), link(name, page.details_url, bold=True), text(f"  {said}"))
    parts = [*_advice(run, page.children), _where(run, page.details_url, said)]
    shown = f"{look.sign} {name}: {said}"
    return _message(look, [rich(head)], [rich(*parts)], _fallback(shown, page.mentions))


def plain(run: Run, page: Page) -> Message:
    """The same without layout, for whoever refuses ours. Empty lists take away what an earlier update showed."""
    look = LOOKS[run.state]
    shown = (
        f"{look.sign} {one_line(run.pipeline, _LONGEST_NAME)}: {one_line(title(run, page.children), _LONGEST_TITLE)}"
    )
    return {"text": _fallback(shown, page.mentions), "blocks": [], "attachments": []}


def settled(record: Record) -> Message:
    """Of a run of which only the record is left."""
    look = LOOKS[State.CANCELLED]
    name = one_line(record.run.name, _LONGEST_NAME)
    head = paragraph(text(f"{look.sign} "), text(name, bold=True), text(f"  {UNKNOWN}"))
    where = paragraph(text(_place(record.run.kind, record.run.name, record.namespace)))
    return _message(look, [rich(head)], [rich(where)], _fallback(f"{look.sign} {name}: {UNKNOWN}", ()))


def digest(message: Message) -> str:
    """Short, to tell whether what is shown has to change."""
    return hashlib.sha256(msgspec.json.encode(message, order="deterministic")).hexdigest()[:12]


def _message(look: Look, head: list[Block], body: list[Block], fallback: str) -> Message:
    """An attachment that has blocks takes nothing else but a colour (https://github.com/slackapi/bolt-js/issues/717).
    All three are always given: what an update leaves out stays as it was."""
    return {"text": fallback, "blocks": head, "attachments": [{"color": look.color, "blocks": body}]}


def _fallback(shown: str, mentions: Sequence[str]) -> str:
    called = "".join(f"{blocks.mentioned(who)} " for who in mentions)
    return called + blocks.escaped(shown)


def _advice(run: Run, children: Sequence[Child]) -> list[Block]:
    """What to do about the root cause, which the title tells; and what else failed."""
    found = culprits(run, children)
    cause = run_to_blame(run, found) or (found[0].cause if found else None)
    parts = [paragraph(text(sentence(cause.advice)))] if cause and cause.advice else []
    others = found if run_to_blame(run, found) else found[1:]
    if others:
        lines = [paragraph(text(one_line(each.sentence, 300))) for each in others[:_OTHERS]]
        if len(others) > _OTHERS:
            lines.append(paragraph(text(f"{count(len(others) - _OTHERS, 'more task')}")))
        parts += [paragraph(text("Also failed:")), blocks.bullets(lines)]
    return parts


def sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _where(run: Run, url: str, said: str) -> Block:
    """Kind, name and namespace; how long it took, unless that is `said` already; the commit, where the run says it to
    GitHub's integration."""
    taken = took(run.started, run.finished)
    taken = "" if taken in said else taken
    commit = _commit(run)
    return paragraph(
        text(_place(run.kind, run.name, run.namespace)),
        text(f" · {taken}" if taken else ""),
        text(f" · {commit}" if commit else ""),
        *([text(" · "), link("Open the run", url)] if url.startswith("http") else []),
    )


def _place(kind: str, name: str, namespace: str) -> str:
    """Records that somebody forged may hold other names than Kubernetes lets runs have."""
    kind, name, namespace = (one_line(each, _LONGEST_NAME) for each in (kind, name, namespace))
    return f"{kind} {name} in namespace {namespace}"


def _commit(run: Run) -> str:
    """What a remotely resolved Pipeline says of it does not count."""
    said: Mapping[str, str] = {
        name: value for name, value in run.annotations.items() if name not in run.ignored and name.startswith(_GITHUB)
    }
    owner, repo, sha = (said.get(f"{_GITHUB}/{name}", "") for name in ("owner", "repo", "sha"))
    return one_line(f"{owner}/{repo}@{sha[:12]}", _LONGEST_NAME) if owner and repo and sha else ""
