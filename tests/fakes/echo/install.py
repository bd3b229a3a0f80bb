"""Makes echo one of the integrations that a controller's process finds, without pip and without our tests' folder."""

import os
from pathlib import Path

PACKAGE = "tekton_integrations_echo"
_MODULES = ("integration.py", "milestones.py")
_METADATA = "Metadata-Version: 2.1\nName: tekton-integrations-echo\nVersion: 0\n"
_ENTRY_POINTS = f"""\
[tekton_integrations]
echo = {PACKAGE}.integration:Echo
milestones = {PACKAGE}.milestones:Milestones
"""


def installed(folder: Path) -> dict[str, str]:
    """Lays it out in `folder`, as pip would; the environment in which a process finds it there."""
    package, info = folder / PACKAGE, folder / f"{PACKAGE}-0.dist-info"
    for each in (package, info):
        each.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    for name in _MODULES:
        (package / name).write_bytes((Path(__file__).parent / name).read_bytes())
    (info / "METADATA").write_text(_METADATA)
    (info / "entry_points.txt").write_text(_ENTRY_POINTS)
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": os.pathsep.join([str(folder), *([others] if others else [])])}
