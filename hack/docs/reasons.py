"""Where the checkout's reasons are explained: the core's table, and a file in the package of each integration; and
docs/troubleshooting.md, where each has a heading of its own, so that it can be linked to.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tekton_integrations.reasons import FILE, REASONS, Entry, own

from .raised import Shown, raised

_READ: Mapping[Shown, str] = {
    Shown.GIVEN_UP: "REPORTED is `False`: it was given up until somebody changes something.",
    Shown.WAITING: "REPORTED is `Unknown`: it goes on, or is tried again.",
    Shown.RETRYING: "REPORTED is `Unknown` and the record's reason `Retrying`; an Event says this one.",
    Shown.DONE: "REPORTED is `True`.",
}


def of(folder: Path) -> dict[str, Entry]:
    """Those of the integration in the folder."""
    return {
        name: entry
        for file in sorted(folder.glob(f"tekton_integrations_*/{FILE}"))
        for name, entry in own(file).items()
    }


def known(root: Path) -> dict[str, Entry]:
    """All of them."""
    return {**REASONS, **{name: entry for each in _of_integrations(root).values() for name, entry in each.items()}}


def bare(entries: Mapping[str, Entry]) -> Iterator[str]:
    """What is wrong with explanations that explain nothing."""
    for name, entry in sorted(entries.items()):
        for said, what in ((entry.cause, "happened"), (entry.cure, "to do")):
            if not said.strip():
                yield f"tekton_integrations/reasons.py: {name} does not say what {what}"


def sections(root: Path) -> str:
    """A heading for each reason that the code can produce, in the order of the alphabet."""
    shown, entries = raised(root).reasons, known(root)
    owners = {name: folder for folder, own_ones in _of_integrations(root).items() for name in own_ones}
    parts = [_section(name, shown[name], entries[name], owners.get(name)) for name in sorted(entries) if name in shown]
    return "\n\n".join(parts)


def _section(name: str, shown: Shown, entry: Entry, owner: str | None) -> str:
    by = f" Said by `{owner}` alone." if owner else ""
    return f"### {name}\n\n{_READ[shown]}{by}\n\n- What happened: {entry.cause}\n- What to do: {entry.cure}"


def _of_integrations(root: Path) -> dict[str, dict[str, Entry]]:
    """By the integration's name."""
    return {folder.name: of(folder) for folder in sorted(root.glob("integrations/*"))}
