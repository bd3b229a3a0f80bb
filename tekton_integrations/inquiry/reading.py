"""Calls that say what could not be read, in place of raising it: all but that the API server can't be reached, or takes
no token of ours (ApiError)."""

from collections.abc import Mapping

import msgspec

from tekton_integrations.kube.client import ApiError, KubeClient
from tekton_integrations.story import Unread

PAGE = 500


class _Metadata(msgspec.Struct, rename="camel"):
    continue_: str = msgspec.field(name="continue", default="")


class _Page(msgspec.Struct):
    items: list[msgspec.Raw] = []
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)


class Reader:
    """`unread` grows with each call that was refused."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client
        self.unread: list[Unread] = []

    def apart(self) -> "Reader":
        """One whose refusals are not told with ours."""
        return Reader(self._client)

    async def one(self, what: str, path: str) -> bytes | None:
        """None where there is none, or where it can't be read."""
        try:
            return await self._client.get(path)
        except ApiError as error:
            if error.status != 404:
                self._note(what, error)
            return None

    async def every(self, what: str, path: str, params: Mapping[str, str] | None = None) -> list[msgspec.Raw] | None:
        """All of a collection; None where it can't be read."""
        found: list[msgspec.Raw] = []
        asked = {**(params or {}), "limit": str(PAGE)}
        try:
            while True:
                page = msgspec.json.decode(await self._client.get(path, asked), type=_Page)
                found += page.items
                if not page.metadata.continue_:
                    return found
                asked["continue"] = page.metadata.continue_
        except ApiError as error:
            self._note(what, error)
            return None

    def _note(self, what: str, error: ApiError) -> None:
        """Nobody there, or nobody who knows us: that is no answer at all."""
        if error.status in (0, 401):
            raise error
        self.unread.append(Unread(what, error.status, error.message))
