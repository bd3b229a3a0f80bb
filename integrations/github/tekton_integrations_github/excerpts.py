"""The ends of logs, in blocks of code, within a budget: half of it goes to the first, which is that of the root cause,
as far as it needs it. Lines are left out from the top and counted, since the end tells what went wrong. Pure.
"""

from collections.abc import Sequence

from tekton_integrations import Child, Excerpt
from tekton_integrations.text import count, log_line, size
from tekton_integrations_github.markdown import fence, name, prose

_MOST = 12
# A log of which less could be shown is named only.
_LEAST = 400
# For the sentence that counts what was left out.
_ROOM_FOR_REST = 100
_ROOM_FOR_NOTE = 60


def logs(excerpts: Sequence[tuple[Child, Excerpt]], room: int) -> str:
    """At most `room` bytes."""
    room -= _ROOM_FOR_REST
    first = excerpts[:_MOST]
    needs = [size(section(child, excerpt, room)) + 2 for child, excerpt in first]
    given = shares(needs, room)
    shown = [
        section(child, excerpt, share - 2)
        for (child, excerpt), need, share in zip(first, needs, given, strict=True)
        if share >= min(need, _LEAST)
    ]
    if left := len(excerpts) - len(shown):
        shown.append(f"{count(left, 'more log')} had no room here.")
    return "\n\n".join(shown)


def shares(needs: Sequence[int], room: int) -> list[int]:
    """What each gets: the first as much as half the room, or what the others leave; those evenly, or what they need."""
    if not needs:
        return []
    given = [0] * len(needs)
    left = room - min(needs[0], room // 2)
    others = sorted(range(1, len(needs)), key=lambda number: needs[number])
    for place, number in enumerate(others):
        given[number] = min(needs[number], left // (len(others) - place))
        left -= given[number]
    given[0] = min(needs[0], room - sum(given))
    return given


def section(child: Child, excerpt: Excerpt, room: int) -> str:
    """One log with its heading, in at most `room` bytes where that is enough for the heading."""
    step = f", step {name(excerpt.step)}" if excerpt.step else ""
    heading = f"#### {name(child.task)}{step}"
    if excerpt.withheld:
        return f"{heading}\n\nLog withheld: {prose(excerpt.withheld)}."
    lines = [log_line(line) for line in excerpt.lines]
    if not any(line.strip() for line in lines):
        return f"{heading}\n\nThe log is empty."
    whole = _joined(heading, _omitted(excerpt.omitted, 0), fence(lines))
    if size(whole) <= room:
        return whole
    shown = _end(lines, room - size(heading) - _ROOM_FOR_NOTE)
    return _joined(heading, _omitted(excerpt.omitted, len(lines) - len(shown)), fence(shown) if shown else "")


def _joined(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _end(lines: Sequence[str], room: int) -> list[str]:
    """As many whole lines from the end as fit, with their fence."""
    start, ticks = len(lines), 3
    for number in range(len(lines) - 1, -1, -1):
        ticks = max(ticks, lines[number].count("`") + 1)
        room -= size(lines[number]) + 1
        if room < 2 * (ticks + 1):
            break
        start = number
    return list(lines[start:])


def _omitted(before: int | None, cut: int) -> str:
    if before is None:
        return f"{count(cut, 'line')} and more omitted" if cut else "Earlier lines omitted"
    return f"{count(before + cut, 'line')} omitted" if before + cut else ""
