"""What the API server lets into a Provider, and that the code takes the same."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hack.objects import PATH
from hack.testbed import ApiError, TestBed
from tekton_integrations import TemporaryError
from tekton_integrations.clients import Clients
from tekton_integrations.details import details_url, variables
from tekton_integrations.provider import Provider, decode_provider
from tests.runs import make_run
from tests.tls import authority

URL = "https://ghe.example.com"
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with Clients({}) as clients:
        yield clients


async def admitted(bed: TestBed, namespace: str, **spec: Any) -> Provider:
    """As it is stored. Raises ApiError where it is refused."""
    body = {
        "apiVersion": "integrations.tekton.dev/v1alpha1",
        "kind": "Provider",
        "metadata": {"generateName": "app-"},
        "spec": {"type": "GitHubApp", **spec},
    }
    stored = await bed.request("POST", f"{PATH}/namespaces/{namespace}/providers", body)
    return decode_provider(json.dumps(stored).encode())


async def refusal(bed: TestBed, namespace: str, **spec: Any) -> str:
    with pytest.raises(ApiError) as caught:
        await admitted(bed, namespace, **spec)
    assert caught.value.status == 422
    return caught.value.message


async def test_what_the_docs_show_is_let_in(bed: TestBed, namespace: str, clients: Clients, tmp_path: Path) -> None:
    bundle = authority(tmp_path).file.read_text()
    for proxy in (
        "http://proxy:3128",
        "http://10.0.0.1:80",
        "http://[fd00::1]:3128",
        "http://a_b.c-d.example.com:65535/",
    ):
        template = "https://dashboard.example.com/#/namespaces/$(namespace)/$(plural)/$(name)?$(kind)$(uid)$(pipeline)$"
        stored = await admitted(bed, namespace, caBundle=bundle * 200, proxy=proxy, detailsUrl=template)
        assert (await clients.get(stored, URL)).closed is False
        assert details_url(stored, make_run()).startswith("https://dashboard.example.com/#/namespaces/team-a/pipeline")


@pytest.mark.parametrize(
    "proxy",
    [
        "",
        "proxy:3128",
        "http://proxy",
        "http://proxy:",
        "https://proxy:3128",
        "socks5://proxy:1080",
        "http://me:secret@proxy:3128",
        "http://proxy:3128/path",
        "http://proxy:3128?x",
        "http://-proxy:3128",
        "http://pro xy:3128",
        "http://proxy:3128\n",
        "http://" + "x" * 260 + ":1",
    ],
)
async def test_what_is_no_proxy_is_refused(bed: TestBed, namespace: str, proxy: str) -> None:
    message = await refusal(bed, namespace, proxy=proxy)
    assert "must be http://host:port, without a credential" in message or "Too long" in message


@pytest.mark.parametrize(
    ("bundle", "cure"),
    [
        ("", "must be certificates in PEM"),
        ("/etc/ssl/ca.crt", "must be certificates in PEM"),
        (PEM + "-----BEGIN PRIVATE KEY-----", "must hold no private key"),
        (PEM * 5000, "Too long"),
    ],
)
async def test_what_is_no_bundle_is_refused(bed: TestBed, namespace: str, bundle: str, cure: str) -> None:
    assert cure in await refusal(bed, namespace, caBundle=bundle)


@pytest.mark.parametrize(
    "template",
    [
        "dashboard.example.com",
        "javascript:alert(1)",
        "https://me:secret@dashboard.example.com/",
        "https://$(namespace).example.com/",
        "https://dashboard.example.com/a b",
        "https://dashboard.example.com\\@elsewhere/",
    ],
)
async def test_what_is_no_template_of_a_page_is_refused(bed: TestBed, namespace: str, template: str) -> None:
    assert "spec.detailsUrl in body should match" in await refusal(bed, namespace, detailsUrl=template)


async def test_an_unknown_variable_is_refused_with_those_that_are_known(bed: TestBed, namespace: str) -> None:
    for wrong in ("$(params.who)", "$(Name)", "$( name )", "$(name"):
        message = await refusal(bed, namespace, detailsUrl=f"https://x/{wrong}")
        assert all(f"$({name})" in message for name in variables(make_run()))


async def test_what_only_reading_it_shows_is_told_when_it_is_used(
    bed: TestBed, namespace: str, clients: Clients
) -> None:
    for settings in ({"caBundle": PEM}, {"proxy": "http://proxy:99999"}):
        with pytest.raises(TemporaryError) as caught:
            await clients.get(await admitted(bed, namespace, **settings), URL)
        assert caught.value.reason == "InvalidProvider"
