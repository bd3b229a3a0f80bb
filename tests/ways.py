"""Calls as a Provider's settings let them out: `Ways` makes the Http of one."""

from dataclasses import dataclass

import pytest

from tekton_integrations import Http, TemporaryError
from tekton_integrations.clients import Clients
from tekton_integrations.http import origin
from tekton_integrations.provider import Provider


def provider(ca_bundle: str = "", proxy: str = "", *, name: str = "app", namespace: str = "team-a") -> Provider:
    return Provider(
        namespace=namespace,
        name=name,
        uid=f"uid-{namespace}-{name}",
        resource_version="1",
        generation=1,
        type="GitHubApp",
        endpoint="",
        grants=(),
        spec={},
        ca_bundle=ca_bundle,
        proxy=proxy,
    )


@dataclass(frozen=True)
class Ways:
    clients: Clients

    async def http(self, url: str, ca_bundle: str = "", proxy: str = "", timeout: float = 5.0) -> Http:
        session = await self.clients.get(provider(ca_bundle, proxy), url)
        return Http(session, frozenset({origin(url)}), timeout=timeout)

    async def get(self, url: str, ca_bundle: str = "", proxy: str = "") -> str:
        answer = await (await self.http(url, ca_bundle, proxy)).request("GET", url)
        return answer.body.decode()

    async def failure(self, url: str, ca_bundle: str = "", proxy: str = "", timeout: float = 5.0) -> TemporaryError:
        """Of a write, of which nothing was sent."""
        http = await self.http(url, ca_bundle, proxy, timeout)
        with pytest.raises(TemporaryError) as caught:
            await http.request("POST", url, body=b"{}")
        assert (caught.value.maybe_sent, caught.value.down) == (False, True)
        return caught.value
