"""One check as a person sees it: its state, its output, and the annotations on files."""

from collections.abc import Mapping
from html import escape
from typing import Any

from tests.fakes.github.entities import CheckRun, Status
from tests.fakes.github.markdown import markdown
from tests.fakes.github.markdown_inline import link, safe_url
from tests.fakes.github.page_parts import icon, sentence, state_of
from tests.fakes.github.world import World


def check(world: World, run: CheckRun, *, facts: bool = True) -> str:
    """In GitHub's order: title, summary, details, annotations, the way to the run. `facts` are of the look-alike."""
    output = run.output
    title = f"<h2>{escape(output.title)}</h2>" if output.title else ""
    summary = f'<div class="markdown">{markdown(output.summary)}</div>' if output.summary else ""
    text = f'<h3 class="part">Details</h3><div class="markdown">{markdown(output.text)}</div>' if output.text else ""
    nothing = "" if title else '<p class="empty">No output yet.</p>'
    end = _more(world, run) + (_facts(run) if facts else "")
    return f"{_head(run)}{title}{summary}{text}{nothing}{_annotations(run)}{end}"


def _head(run: CheckRun) -> str:
    return (
        f'<div class="head">{icon(state_of(run))}<div><h1>{escape(run.name)}</h1>'
        f"<small>{escape(sentence(run))}</small></div></div>{_buttons(run)}"
    )


def _more(world: World, run: CheckRun) -> str:
    if not run.details_url or not safe_url(run.details_url):
        return ""
    label = f"View more details on {escape(world.apps[run.app_id].name)} ↗"
    return f'<p class="elsewhere">{link(run.details_url, label)}</p>'


def _buttons(run: CheckRun) -> str:
    """GitHub shows an App's actions once the check is completed. Here they do nothing."""
    if run.status != "completed" or not run.actions:
        return ""
    each = (
        f'<span class="button" title="{escape(action["description"])}">{escape(action["label"])}</span>'
        for action in run.actions
    )
    return f'<p class="actions">{" ".join(each)}</p>'


def _annotations(run: CheckRun) -> str:
    notes = run.output.annotations
    if not notes:
        return ""
    listing = "".join(_annotation(note) for note in notes)
    return f'<h3 class="part">Annotations <span class="pill">{len(notes)}</span></h3><ul class="notes">{listing}</ul>'


def _annotation(note: Mapping[str, Any]) -> str:
    lines = f"{note['start_line']}"
    if note["end_line"] != note["start_line"]:
        lines += f"-{note['end_line']}"
    raw = f"<pre><code>{escape(note['raw_details'])}</code></pre>" if note.get("raw_details") else ""
    level = note["annotation_level"]
    return (
        f'<li class="{escape(level)}"><small>{escape(level)} · <code>{escape(note["path"])}:{escape(lines)}</code>'
        f"</small><b>{escape(note.get('title') or '')}</b><p>{escape(note['message'])}</p>{raw}</li>"
    )


def _facts(run: CheckRun) -> str:
    facts = {
        "Id": str(run.id),
        "External id": run.external_id,
        "Started": run.started_at,
        "Completed": run.completed_at,
        "Writes": str(len(run.history)),
        "App": str(run.app_id),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in facts.items() if text)
    return f'<dl class="facts">{rows}</dl>'


def status_line(status: Status) -> str:
    label = f"<b>{escape(status.context)}</b>"
    if status.target_url:
        label = link(status.target_url, label)
    return (
        f'<div class="line">{icon(status.state)}<div>{label}'
        f"<small>{escape(status.description or status.state)}</small></div></div>"
    )
