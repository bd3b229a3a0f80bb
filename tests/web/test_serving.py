"""What every answer of the service has, and its TLS."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hack.testbed.certificates import Authority
from tekton_integrations.kube.client import KubeClient
from tekton_integrations.kube.config import ClusterConfig
from tekton_integrations.web.serving import opened
from tekton_integrations.web.settings import SettingsError, WebSettings
from tekton_integrations.web.tls import Certificate
from tests.tls import authority


async def _nobody() -> str:
    return ""


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[str]:
    """Without an API server."""
    own = WebSettings(host="127.0.0.1", port=0, **settings)
    async with KubeClient(ClusterConfig("http://127.0.0.1:1", None, _nobody)) as client, opened(own, client) as port:
        yield f"{'https' if own.certificate else 'http'}://localhost:{port}"


async def test_no_answer_can_be_framed_sniffed_cached_or_told_to_others() -> None:
    async with served(tokens=True) as url, aiohttp.ClientSession() as session:
        for path, code in (("/health", 200), ("/openapi.json", 200), ("/nothing", 404), ("/status/x", 401)):
            async with session.get(url + path) as answer:
                assert answer.status == code
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert answer.headers["X-Frame-Options"] == "DENY"
                assert answer.headers["Referrer-Policy"] == "no-referrer"
                assert answer.headers["Cache-Control"] == "no-store"
                assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Server"] == "tekton-integrations"
                assert "Strict-Transport-Security" not in answer.headers


async def test_without_an_api_server_it_is_said_and_not_what_it_would_have_said() -> None:
    async with (
        served(insecure=True) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/status/x") as answer,
    ):
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        words = "runs can't be read: the API server does not answer."
        assert await answer.json() == {"message": words, "reason": "ServiceUnavailable", "code": 503}


async def test_a_new_certificate_counts_from_the_next_connection_on(tmp_path: Path) -> None:
    first, second = authority(tmp_path, "first"), authority(tmp_path, "second")
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    _put(first, certificate, key)
    async with served(insecure=True, certificate=certificate, key=key) as url:
        assert "Strict-Transport-Security" in await _headers(url, first)
        _put(second, certificate, key)
        await _headers(url, second)
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await _headers(url, first)
        key.write_text("nonsense")
        await _headers(url, second)


def test_files_that_are_no_certificate_are_told(tmp_path: Path) -> None:
    (tmp_path / "tls.crt").write_text("nonsense")
    with pytest.raises(SettingsError, match="are no certificate and its key"):
        Certificate(tmp_path / "tls.crt", tmp_path / "tls.key")


def _put(authority: Authority, certificate: Path, key: Path) -> None:
    pair = authority.issue("localhost")
    certificate.write_bytes(pair.certificate.read_bytes())
    key.write_bytes(pair.key.read_bytes())


async def _headers(url: str, trusted: Authority) -> set[str]:
    tls = ssl.create_default_context(cafile=trusted.file)
    async with aiohttp.ClientSession() as session, session.get(f"{url}/health", ssl=tls) as answer:
        return set(answer.headers)
