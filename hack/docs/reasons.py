"""Where the checkout's reasons are explained: the core's table, and a file in the package of each integration."""

from pathlib import Path

from tekton_integrations.reasons import FILE, REASONS, Entry, own


def of(folder: Path) -> dict[str, Entry]:
    """Those of the integration in the folder."""
    return {
        name: entry
        for file in sorted(folder.glob(f"tekton_integrations_*/{FILE}"))
        for name, entry in own(file).items()
    }


def known(root: Path) -> dict[str, Entry]:
    """All of them."""
    return {
        **REASONS,
        **{name: entry for folder in sorted(root.glob("integrations/*")) for name, entry in of(folder).items()},
    }
