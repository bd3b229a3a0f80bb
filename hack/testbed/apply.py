"""Applies manifests (dicts, files, folders, plain kustomizations) by server-side apply, for any kind by discovery.

Namespaces and CustomResourceDefinitions go first, and whatever needs them waits until they are there.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from .api import Api, ApiError, polled

Manifest = dict[str, Any]
MANAGER = "testbed"
_FIRST = ("Namespace", "CustomResourceDefinition")
_KUSTOMIZATION = {"apiVersion", "kind", "resources", "namespace", "labels"}


def manifests(source: Path | str | Manifest) -> Iterator[Manifest]:
    """The objects of a dict, of a YAML file, of a folder's YAML files, or of a folder with a kustomization."""
    if isinstance(source, dict):
        yield from _items(source)
        return
    path = Path(source)
    if (path / "kustomization.yaml").exists():
        yield from _kustomized(path)
    elif path.is_dir():
        for file in sorted([*path.glob("*.yaml"), *path.glob("*.yml")]):
            yield from manifests(file)
    else:
        for document in yaml.safe_load_all(path.read_text()):
            yield from _items(document) if document else ()


def _items(manifest: Manifest) -> Iterable[Manifest]:
    return manifest["items"] if manifest.get("kind") == "List" else [manifest]


def _kustomized(folder: Path) -> Iterator[Manifest]:
    content = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(content) - _KUSTOMIZATION:
        raise ValueError(f"{folder}: the test bed knows of a kustomization only {_KUSTOMIZATION}, not {unknown}")
    for resource in content.get("resources", ()):
        for manifest in manifests(folder / resource):
            if "namespace" in content and "namespace" in manifest["metadata"]:
                manifest["metadata"]["namespace"] = content["namespace"]
            for each in content.get("labels", ()):
                manifest["metadata"]["labels"] = {**manifest["metadata"].get("labels", {}), **each["pairs"]}
            yield manifest


async def apply(api: Api, sources: Iterable[Path | str | Manifest]) -> list[Manifest]:
    """Applies all objects of `sources`; returns them as the API server has them."""
    wanted = [manifest for source in sources for manifest in manifests(source)]
    first = [manifest for manifest in wanted if manifest["kind"] in _FIRST]
    rest = [manifest for manifest in wanted if manifest["kind"] not in _FIRST]
    applied = [await _apply(api, manifest) for manifest in first]
    for manifest in first:
        if manifest["kind"] == "CustomResourceDefinition":
            await _served(api, manifest)
    return applied + [await _apply(api, manifest) for manifest in rest]


async def _apply(api: Api, manifest: Manifest) -> Manifest:
    path = await _path(api, manifest)
    return await api.patch(f"{path}?fieldManager={MANAGER}&force=true", manifest, "apply")


async def _path(api: Api, manifest: Manifest) -> str:
    """Waits for a kind that is not served yet: discovery lags a moment behind an established definition."""
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    resource = await polled(lambda: _resource(api, root, manifest["kind"]))
    space = f"/namespaces/{metadata.get('namespace', 'default')}" if resource["namespaced"] else ""
    return f"{root}{space}/{resource['name']}/{metadata['name']}"


async def _resource(api: Api, root: str, kind: str) -> Manifest | None:
    try:
        served = (await api.request("GET", root))["resources"]
    except ApiError as error:
        if error.status != 404:
            raise
        return None
    return next((each for each in served if each["kind"] == kind and "/" not in each["name"]), None)


async def _served(api: Api, definition: Manifest) -> None:
    """Established is not enough: for a second or two a list of the new kind is answered 429 ("initializing")."""
    spec, name = definition["spec"], definition["metadata"]["name"]
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
    lists = [
        f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}?limit=1"
        for version in spec["versions"]
        if version["served"]
    ]

    async def established() -> bool:
        conditions = (await api.request("GET", path)).get("status", {}).get("conditions") or ()  # null at first
        return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)

    async def lists_all() -> bool:
        try:
            for each in lists:
                await api.request("GET", each)
        except ApiError as error:
            if error.status not in (404, 429):
                raise
            return False
        return True

    await polled(established)
    await polled(lists_all)
