"""All checks of the docs together, and the writing of what is generated."""

from collections.abc import Iterator
from pathlib import Path

from .generated import Stale, parts, replaced, wholes
from .links import broken
from .raised import raised, unlike
from .reasons import bare, known


def problems(root: Path) -> list[str]:
    """A line for each thing that is wrong; empty when the docs are right."""
    entries = known(root)
    return [*unlike(raised(root), entries), *bare(entries), *stale(root), *broken(root)]


def stale(root: Path) -> Iterator[str]:
    for path, name, make in parts(root):
        where = path.relative_to(root)
        try:
            text = path.read_text()
            if replaced(text, name, make()) != text:
                yield f"{where}: the part {name!r} is out of date; run: python -m hack.docs --write"
        except FileNotFoundError:
            yield f"{where}: there is no such file, and the part {name!r} belongs there"
        except Stale as error:
            yield f"{where}: {error}"
    for path, make in wholes(root):
        if not path.exists() or path.read_text() != make():
            yield f"{path.relative_to(root)}: is out of date; run: python -m hack.docs --write"


def write(root: Path) -> list[Path]:
    """Makes the generated parts anew; returns the files that changed. Raises Stale."""
    changed = []
    for path, name, make in parts(root):
        before = path.read_text()
        after = replaced(before, name, make())
        if after != before:
            path.write_text(after)
            changed.append(path)
    for path, make in wholes(root):
        if not path.exists() or path.read_text() != make():
            path.write_text(make())
            changed.append(path)
    return changed
