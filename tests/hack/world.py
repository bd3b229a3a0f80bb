"""What the API server has in a namespace."""

from typing import Any

from hack.testbed import TestBed

Object = dict[str, Any]


class World:
    """The runs and Events of one namespace."""

    def __init__(self, bed: TestBed, namespace: str) -> None:
        self._bed = bed
        self._namespace = namespace

    async def list(self, plural: str) -> list[Object]:
        group = "/api/v1" if plural == "events" else "/apis/tekton.dev/v1"
        answer = await self._bed.request("GET", f"{group}/namespaces/{self._namespace}/{plural}")
        items: list[Object] = answer["items"]
        return items

    async def get(self, plural: str, name: str) -> Object:
        path = f"/apis/tekton.dev/v1/namespaces/{self._namespace}/{plural}/{name}"
        return await self._bed.request("GET", path)
