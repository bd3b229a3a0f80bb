"""The files of a new integration: those of docs/authors.md, which are tested as they stand there, and a README."""

import re
from collections.abc import Iterator
from pathlib import Path

EXAMPLE = "board"
_FILE = re.compile(rf"^`integrations/{EXAMPLE}/(\S+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_README = """# Board

Tells the service behind `board` of each milestone of a Tekton run, in a line.

```yaml
metadata:
  annotations:
    board.integrations.tekton.dev/room: builds
```

It needs a Provider with a grant for the room, and a Secret with a token:

```sh
kubectl create secret generic board -n tekton-integrations --type integrations.tekton.dev/Board --from-literal token=…
```

```yaml
apiVersion: integrations.tekton.dev/v1alpha1
kind: Provider
metadata: {name: board, namespace: tekton-integrations}
spec:
  type: Board
  endpoint: https://board.example/messages
  board:
    token: {secretRef: {name: board}}
  grants:
    - {namespaces: [team-a], targets: [builds]}
```

## Annotations

<!-- generated: annotations -->

<!-- end -->

## Reasons

All reasons that a record may say stand in the [README of the whole](../../README.md#when-nothing-happens).
"""


def shown(docs: str) -> dict[str, str]:
    """The files of the tutorial, by their path in the package."""
    return dict(_FILE.findall(docs))


def written(name: str, root: Path) -> Iterator[Path]:
    files = shown((root / "docs" / "authors.md").read_text())
    package = f"tekton_integrations_{EXAMPLE}"
    files |= {"README.md": _README, f"{package}/__init__.py": _docstring(files), f"{package}/py.typed": ""}
    for place, text in sorted(files.items()):
        path = root / "integrations" / name / _renamed(place, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_renamed(text, name))
        yield path


def _docstring(files: dict[str, str]) -> str:
    """That of the module which has the integration."""
    return files[f"tekton_integrations_{EXAMPLE}/integration.py"].partition("\n")[0] + "\n"


def _renamed(text: str, name: str) -> str:
    return text.replace(EXAMPLE, name).replace(EXAMPLE.capitalize(), name.capitalize())
