"""Where a URL that a run names may lead: to the Internet, in whatever form the address is written."""

import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec.structs import replace

from tekton_integrations import Http, PermanentError
from tekton_integrations.clients import Clients
from tekton_integrations.egress import AddressRefused, Egress, GuardedResolver, literal, names_of, public
from tekton_integrations.http import origin
from tests.ways import provider

INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.1",
    "2130706433",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2001:0:1::1",
    "2001:20::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "100::1",
    "::ffff:192.0.0.192",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = ["1.1.1.1", "140.82.112.3", "2606:4700::1111", "64:ff9b::1.1.1.1", "::ffff:1.1.1.1", "2002:101:101::"]


def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    found = literal(text)
    assert found is not None
    return found


@pytest.mark.parametrize("text", INSIDE)
def test_an_address_inside_is_none_of_the_internets(text: str) -> None:
    assert not public(address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_an_address_of_the_internet_is_one_in_every_form(text: str) -> None:
    assert public(address(text))


def url(host: str) -> str:
    return f"https://[{host}]/x" if ":" in host else f"https://{host}/x"


@pytest.mark.parametrize(
    "host", [each for each in INSIDE if "%" not in each] + ["999.1.1.1", "1.2.3.4.5", "\uff11.1.1.1"]
)
def test_a_url_with_an_address_inside_is_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(AddressRefused):
        Egress().check(url(host))


@pytest.mark.parametrize("host", [*OUTSIDE, "example.com", "localhost"])
def test_names_are_looked_at_when_they_are_resolved(host: str) -> None:
    Egress().check(url(host))


def test_the_api_servers_address_is_inside_wherever_it_is() -> None:
    with pytest.raises(AddressRefused):
        Egress(["1.1.1.1"]).check("https://1.1.1.1")
    Egress(["1.1.1.1", "kubernetes.default"]).check("https://1.0.0.1")
    with pytest.raises(AddressRefused):
        Egress(["[2606:4700::1111]"]).check("https://[2606:4700::1111]")


@pytest.mark.parametrize("host", ["1.1.1.1", "16843009", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"])
def test_what_is_refused_is_refused_in_every_form(host: str) -> None:
    for inside in ("1.1.1.1", "1.1.0.0/16"):
        with pytest.raises(AddressRefused):
            Egress([inside]).check(url(host))


def test_networks_and_hosts_may_be_refused_besides() -> None:
    egress = Egress(["1.2.0.0/16", "2606:4700::/32", "api.example.com"])
    for host in ("1.2.3.4", "2606:4700::1111", "api.example.com", "API.example.com", "api.example.com."):
        with pytest.raises(AddressRefused, match=f"^{host.lower()} is inside$"):
            egress.check(url(host))
    for host in ("1.3.3.4", "2606:4701::1111", "www.api.example.com", "example.com"):
        egress.check(url(host))
    with pytest.raises(ValueError, match=r"1\.2\.3\.4/16"):
        Egress(["1.2.3.4/16"])


async def test_names_that_lead_to_what_is_refused_are_refused() -> None:
    with pytest.raises(AddressRefused, match=r"^example\.com is inside"):
        await GuardedResolver(Egress(["1.1.0.0/16"]), Names(["1.1.2.3"])).resolve("example.com", 443)


async def test_a_host_is_known_by_its_name_and_its_addresses() -> None:
    assert {"localhost", "127.0.0.1"} <= set(await names_of("https://localhost:6443"))
    assert await names_of("https://nowhere.invalid") == ["nowhere.invalid"]


async def test_the_addresses_of_services_are_inside_even_where_they_are_public() -> None:
    async with Clients({"KUBERNETES_SERVICE_HOST": "1.1.1.1", "HOOKS_SERVICE_HOST": "1.1.1.2"}) as clients:
        clients.refuse(["1.1.1.3", "api.example.com"])
        for host in ("1.1.1.1", "1.1.1.2", "1.1.1.3", "api.example.com"):
            assert (await refusal(clients, f"https://{host}/x")).reason == "EgressRefused"
    with pytest.raises(ValueError, match="1/33"):
        Clients({}, inside=["1.1.1.1/33"])


class Names(AbstractResolver):
    """A DNS that gives one answer after the other."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in found
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def test_of_several_addresses_those_inside_are_left_out() -> None:
    guarded = GuardedResolver(Egress(), Names(["10.0.0.1", "1.1.1.1"]))
    assert [each["host"] for each in await guarded.resolve("example.com", 443)] == ["1.1.1.1"]


async def test_the_systems_own_names_for_loopback_are_refused() -> None:
    with pytest.raises(AddressRefused):
        await GuardedResolver(Egress()).resolve("localhost", 80)


@asynccontextmanager
async def server() -> AsyncIterator[tuple[str, list[str]]]:
    called: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        called.append(request.path)
        return web.Response(text="inside")

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield str(runner.addresses[0][1]), called
    finally:
        await runner.cleanup()


async def refusal(clients: Clients, url: str) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        await post(clients, url, guarded=True)
    return caught.value


async def post(clients: Clients, url: str, *, guarded: bool) -> bytes:
    http = Http(await clients.get(provider(), url, guarded=guarded), frozenset({origin(url)}))
    return (await http.request("POST", url)).body


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_a_server_inside_hears_nothing_of_a_run_that_names_it(host: str) -> None:
    async with server() as (port, called), Clients({}) as clients:
        error = await refusal(clients, f"http://{host}:{port}/secret")
    assert error.reason == "EgressRefused"
    assert "name it in full in the Provider's spec.grants" in error.message
    assert called == []


async def test_a_name_that_leads_inside_at_its_second_look_is_not_followed() -> None:
    async with server() as (port, called):
        names = Names(["127.0.0.1"])
        async with Clients({}, resolver=lambda: names) as clients:
            error = await refusal(clients, f"http://rebind.example.com:{port}/x")
            assert (error.reason, names.asked) == ("EgressRefused", 1)
        assert called == []


async def test_the_same_way_is_open_for_what_a_provider_names() -> None:
    async with server() as (port, called), Clients({}) as clients:
        url = f"http://127.0.0.1:{port}/named"
        assert await post(clients, url, guarded=False) == b"inside"
        assert called == ["/named"]
        assert (await refusal(clients, url)).reason == "EgressRefused"


async def test_a_proxy_may_be_inside_and_then_it_is_the_proxy_that_resolves() -> None:
    async with server() as (port, called), Clients({}) as clients:
        made = replace(provider(), proxy=f"http://localhost:{port}")
        url = "http://hooks.example.com/x"
        http = Http(await clients.get(made, url, guarded=True), frozenset({origin(url)}))
        assert (await http.request("POST", url)).body == b"inside"
        with pytest.raises(PermanentError, match="EgressRefused"):
            await clients.get(made, "http://169.254.169.254/x", guarded=True)
    assert called == ["/x"]


METADATA = ["169.254.169.254", "2852039166", "::ffff:169.254.169.254", "fe80::1", "fd00:ec2::254", "168.63.129.16"]
METADATA += ["fd20:ce::254", "100.100.100.200", "192.0.0.192"]


@pytest.mark.parametrize("host", METADATA)
async def test_what_clouds_tell_machines_is_out_of_reach_also_of_who_writes_providers(host: str) -> None:
    async with Clients({}) as clients:
        with pytest.raises(PermanentError, match="never called"):
            await clients.get(provider(), url(host))
        with pytest.raises(PermanentError, match="never called"):
            await clients.get(
                replace(provider(), proxy=url(host).replace("https", "http").replace("/x", ":80")), url("x")
            )
    async with Clients({}, resolver=lambda: Names(["169.254.169.254"])) as clients:
        with pytest.raises(PermanentError, match="never called"):
            await post(clients, "http://metadata.example/x", guarded=False)
