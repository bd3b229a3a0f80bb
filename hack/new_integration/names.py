"""Which names a new integration may have."""

import keyword
import re
from pathlib import Path

from tekton_integrations.registry import CORE, installed

# A part of a module's name, of an annotation's and, in letters alone, of a Provider's type.
_NAME = re.compile(r"[a-z]{1,40}")


def refusal(name: str, root: Path) -> str:
    """Why not, and what to do; empty for a name that may be taken."""
    if not name:
        return "say which: make new-integration NAME=gitlab"
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        return f"{name!r} can't be a name; take up to 40 lower-case letters, such as gitlab, and no word of Python's"
    if name == CORE:
        return f"{name!r} is the controller's own; take another"
    if (root / "integrations" / name).exists():
        return f"integrations/{name} is there already; take another name, or remove it"
    if name in installed():
        return f"an integration {name!r} is installed already; take another name, or uninstall its package"
    return ""
