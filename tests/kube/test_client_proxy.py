"""The API server is spoken to directly, whatever proxy the environment names for services."""

import ssl
from pathlib import Path

import aiohttp
import pytest

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tests.fakes.proxy import Proxy
from tests.kube.watched import no_authorization
from tests.tls import authority, secure


async def test_no_call_to_the_api_server_goes_to_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = authority(tmp_path)
    tls = ssl.create_default_context(cafile=str(ca.file))
    async with Proxy.started() as proxy, secure(ca.issue("server")) as url:
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
            monkeypatch.setenv(name.lower(), proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        async with KubeClient(ClusterConfig(url, tls, no_authorization)) as client:
            assert await client.get("/version") == b"hello"
            assert await client.post("/version", {}) == b"hello"
            async with client.stream("/version", {}, aiohttp.ClientTimeout(total=5)) as lines:
                assert await lines.read() == b"hello"
        assert proxy.asked == []
        # The environment is one that would lead there.
        async with aiohttp.ClientSession(trust_env=True) as session, session.get(url, ssl=tls) as answer:
            assert answer.status == 200
        assert len(proxy.tunnels) == 1
