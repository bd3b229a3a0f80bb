"""The reply to the card of a run that ended red: all that failed, root cause first, and the end of the log. Pure."""

from collections.abc import Mapping, Sequence

from tekton_integrations import Child, Excerpt, Run
from tekton_integrations.outcome import Culprit, culprits, labels, run_to_blame, title
from tekton_integrations.text import count, cut, log_line, one_line
from tekton_integrations_slack import blocks
from tekton_integrations_slack.blocks import Block, paragraph, rich, text
from tekton_integrations_slack.card import Message, Page, sentence
from tekton_integrations_slack.looks import LOOKS

# So many logs are shown, and so many characters of each: with all else they stay well below blocks.MAX_MESSAGE.
MAX_LOGS = 2
_LOG = 2800
_NAMED = 10
_LONGEST = 300


def reply(run: Run, page: Page, excerpts: Mapping[str, Excerpt], *, details: bool = True) -> Message:
    """`excerpts` are by the child's name. Without `details` it only calls those that are mentioned."""
    sign, name = LOOKS[run.state].sign, one_line(run.pipeline or run.name, 100)
    said = one_line(title(run, page.children), 600)
    called = [each for who in page.mentions for each in (blocks.mention(who), text(" "))]
    parts = [paragraph(*called, text(f"{sign} "), text(name, bold=True), text(f"  {said}"))]
    if details:
        parts += _causes(run, page.children) + _logs(run, page.children, excerpts)
    fallback = "".join(f"{blocks.mentioned(who)} " for who in page.mentions) + blocks.escaped(f"{sign} {name}: {said}")
    return {"text": fallback, "blocks": [rich(*parts)], "attachments": []}


def says_more(message: Message) -> bool:
    """Whether there is more in it than the card's own line."""
    return len(message["blocks"][0]["elements"]) > 1


def wanted(run: Run, children: Sequence[Child]) -> list[Child]:
    """Whose logs are worth asking for."""
    return [each.child for each in culprits(run, children) if each.wants_log][:MAX_LOGS]


def logs(run: Run, children: Sequence[Child], excerpts: Mapping[str, Excerpt]) -> list[Block]:
    """As blocks of their own, for a message that has no thread."""
    parts = _logs(run, children, excerpts)
    return [rich(*parts)] if parts else []


def _causes(run: Run, children: Sequence[Child]) -> list[Block]:
    """Of a single one the title tells all but the advice."""
    found = culprits(run, children)
    own = run_to_blame(run, found)
    if len(found) + (own is not None) == 1:
        advice = (own or found[0].cause).advice
        return [paragraph(text(sentence(advice)))] if advice else []
    lines = [_line("", own.text, own.advice)] if own else []
    names = labels(run, children)
    lines += [_culprit(each, names) for each in found[:_NAMED]]
    if len(found) > _NAMED:
        lines.append(paragraph(text(count(len(found) - _NAMED, "more task"))))
    return [blocks.bullets(lines)] if lines else []


def _culprit(culprit: Culprit, names: Mapping[str, str]) -> Block:
    return _line(names[culprit.child.name], f"{culprit.joint}{culprit.cause.text}", culprit.cause.advice)


def _line(name: str, said: str, advice: str) -> Block:
    hint = f"; {advice}" if advice else ""
    return paragraph(text(one_line(name, 100), bold=True), text(f"{cut(_flat(said), _LONGEST)}{hint}"))


def _flat(said: str) -> str:
    """One line, whose first blank is kept: it stands between the task's name and what it did."""
    line = one_line(said, 2 * _LONGEST)
    return f" {line}" if said.startswith(" ") else line


def _logs(run: Run, children: Sequence[Child], excerpts: Mapping[str, Excerpt]) -> list[Block]:
    parts: list[Block] = []
    for culprit in culprits(run, children):
        excerpt = excerpts.get(culprit.child.name)
        if excerpt is not None:
            parts += _log(culprit.child, excerpt)
    return parts


def _log(child: Child, excerpt: Excerpt) -> list[Block]:
    step = f", step {excerpt.step}" if excerpt.step else ""
    where = one_line(f"{child.task}{step}", 200)
    if excerpt.withheld:
        return [paragraph(text(f"Log of {where} withheld: {one_line(excerpt.withheld, 200)}."))]
    lines = [log_line(line) for line in excerpt.lines]
    kept = _end(lines)
    if not "".join(kept).strip():
        return [paragraph(text(f"The log of {where} is empty."))]
    cut_away = len(lines) - len(kept)
    before = "" if excerpt.omitted is None else f", {count(excerpt.omitted + cut_away, 'line')} before it"
    shown = before if excerpt.omitted is None or excerpt.omitted + cut_away else ""
    return [paragraph(text(f"End of the log of {where}{shown}:")), blocks.preformatted("\n".join(kept))]


def _end(lines: Sequence[str]) -> list[str]:
    """Whole lines from the end; of a last one that is too long, its beginning."""
    left, at = _LOG, len(lines)
    while at and (left := left - len(lines[at - 1]) - 1) >= 0:
        at -= 1
    return list(lines[at:]) or [cut(line, _LOG) for line in lines[-1:]]
