"""What the demo puts into a user's cluster, and takes away again. What was there before stays as it was."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hack.testbed import Api, ApiError
from hack.testbed.api import polled
from hack.testbed.apply import apply, manifests

Manifest = dict[str, Any]
GONE_SECONDS = 60.0


def path_of(manifest: Manifest) -> str:
    """Where an object lives, for the kinds that manifests/ has."""
    version, metadata, kind = manifest["apiVersion"], manifest["metadata"], manifest["kind"].lower()
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    space = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return f"{root}{space}/{plural}/{metadata['name']}"


async def exists(api: Api, path: str) -> bool:
    try:
        await api.request("GET", path)
    except ApiError as error:
        if error.status != 404:
            raise
        return False
    return True


class Installed:
    """Remembers what it applied, in this order."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def add(self, api: Api, source: Path | Manifest, *, leave_out: Iterable[str] = ()) -> None:
        """Applies what is not there yet, but for kinds to leave out."""
        wanted = [each for each in manifests(source) if each["kind"] not in leave_out]
        missing = [each for each in wanted if not await exists(api, path_of(each))]
        # Noted before, so that an apply that breaks off half-way is taken away as well.
        self.paths += [path_of(each) for each in missing]
        await apply(api, missing)

    async def remove(self, api: Api) -> list[str]:
        """Deletes all of it, the latest first, and waits until it is gone. Returns the paths that are not."""
        for path in reversed(self.paths):
            await _delete(api, path)

        async def left() -> list[str]:
            return [path for path in self.paths if await exists(api, path)]

        async def gone() -> bool:
            return not await left()

        try:
            await polled(gone, GONE_SECONDS)
        except TimeoutError:
            return await left()
        return []


async def _delete(api: Api, path: str) -> None:
    try:
        await api.request("DELETE", path, {"propagationPolicy": "Background"})
    except ApiError as error:
        # 403: who may not delete it could not make it; 409: it is being deleted. What stays is found out afterwards.
        if error.status not in (403, 404, 409):
            raise
