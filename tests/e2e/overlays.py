"""What the ways to install come to: the objects that kustomize builds of each folder in manifests/."""

import asyncio
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from hack.testbed import TestBed
from tests.conftest import MANIFESTS

Object = dict[str, Any]
ROOT = MANIFESTS.parent
WAYS = ["base", *sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("overlays/*/kustomization.yaml"))]
COMPONENTS = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("components/*/kustomization.yaml"))


def own(folder: Path, resources: Sequence[str]) -> Path:
    """An overlay as somebody writes it who wants these folders of manifests/, and all components."""
    folder.mkdir(exist_ok=True)
    named = {"resources": resources, "components": COMPONENTS}
    relative = {key: [os.path.relpath(ROOT / each, folder) for each in value] for key, value in named.items()}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(relative))
    return folder


async def built(bed: TestBed, *folders: Path) -> list[list[Object]]:
    """Raises CommandError."""
    texts = await asyncio.gather(*(bed.kubectl("kustomize", str(each)) for each in folders))
    return [list(yaml.safe_load_all(text)) for text in texts]


def of_kind(found: Iterable[Object], *kinds: str) -> list[Object]:
    return [each for each in found if each["kind"] in kinds]


def container(deployment: Object) -> Object:
    found: list[Object] = deployment["spec"]["template"]["spec"]["containers"]
    [only] = found
    return only


def pod_of(deployment: Object) -> Object:
    """The first that its controller would make."""
    template, named = deployment["spec"]["template"], {"name": deployment["metadata"]["name"]}
    return {"apiVersion": "v1", "kind": "Pod", **template, "metadata": {**template["metadata"], **named}}


def selects(selector: Object, deployment: Object) -> bool:
    labels: dict[str, str] = deployment["spec"]["template"]["metadata"]["labels"]
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def strings(found: Any) -> Iterator[str]:
    """All that stand in it, however deep."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        yield from chain(*map(strings, found.values() if isinstance(found, dict) else found))
