"""GitHub Enterprise Server as companies have it: behind a private authority, and to be had through a proxy only."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hack import objects
from hack.controller import NAMESPACE, Place
from tests.e2e.stage import Stage, condition
from tests.fakes.proxy import Proxy
from tests.tls import authority, fronting

HOST = "kubernetes.default"  # the authority makes certificates for it; only the proxy finds it


class Company:
    """The look-alike at `url`, whose authority is in `bundle`."""

    def __init__(self, stage: Stage, proxy: Proxy, url: str, bundle: str) -> None:
        self.stage = stage
        self.proxy = proxy
        self.url = url
        self.bundle = bundle

    async def provide(self, **spec: str) -> None:
        grants = [objects.grant("*", targets=["acme/*"])]
        provider = objects.github_app(
            NAMESPACE, "github", app_id=7, secret="github-app", endpoint=self.url, grants=grants
        )
        provider["spec"].update(spec)
        await self.stage.bed.apply(provider)

    @property
    def led_to(self) -> set[str]:
        return set(self.proxy.tunnels)


@pytest.fixture
async def company(stage: Stage, tmp_path: Path) -> AsyncIterator[Company]:
    ca = authority(tmp_path)
    async with Proxy.started() as proxy, fronting(ca.issue("ghe"), stage.github.url) as url:
        yield Company(stage, proxy, proxy.lead(HOST, url), ca.file.read_text())


async def test_a_provider_says_whom_to_trust_and_which_proxy_to_take_and_both_can_be_corrected(
    stage: Stage, company: Company, namespace: str
) -> None:
    await company.provide(proxy=company.proxy.url)
    async with stage.controller():
        await stage.player.play("success", namespace=namespace)
        record = await stage.until_record(namespace, lambda r: condition(r)["reason"] == "CertificateRefused")
        assert "put the certificate of its authority into spec.caBundle" in condition(record)["message"]
        assert stage.checks() == []
        await company.provide(proxy=company.proxy.url, caBundle=company.bundle)
        await stage.reported(namespace)
    assert [check.conclusion for check in stage.checks()] == ["success"]
    assert company.led_to == {urlsplit(company.url).netloc}


async def test_the_environments_proxy_is_for_services_and_never_for_the_api_server(
    stage: Stage, company: Company, namespace: str
) -> None:
    await company.provide(caBundle=company.bundle)
    environment = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), company.proxy.url) | {"NO_PROXY": ""}
    async with stage.controller(place=Place(environment=environment)):
        await stage.player.play("success", namespace=namespace)
        await stage.reported(namespace)
    assert [check.conclusion for check in stage.checks()] == ["success"]
    assert company.led_to == {urlsplit(company.url).netloc}
