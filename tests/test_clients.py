"""Which servers are trusted for which Provider, and how many sessions that takes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from hack.testbed.certificates import Authority
from tekton_integrations import TemporaryError, Throttled
from tekton_integrations.clients import BUNDLES, IDLE, REST, Clients
from tekton_integrations.provider import Provider
from tests.kube.tls import self_signed
from tests.tls import authority, expired, secure
from tests.ways import Ways, provider

URL = "https://ghe.example.com"
PEM = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


@pytest.fixture
async def ways() -> AsyncIterator[Ways]:
    async with Clients({}) as clients:
        yield Ways(clients)


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return authority(tmp_path)


def pem(authority: Authority) -> str:
    return authority.file.read_text()


async def test_a_private_authority_is_trusted_where_the_provider_has_it_and_nowhere_else(
    ways: Ways, ca: Authority
) -> None:
    async with secure(ca.issue("server")) as url:
        assert await ways.get(url, pem(ca)) == "hello"
        error = await ways.failure(url)
    assert (error.reason, error.needs_help) == ("CertificateRefused", True)
    assert error.message == (
        f"the certificate of {url} is not trusted (unable to get local issuer certificate); "
        "put the certificate of its authority into spec.caBundle of the Provider"
    )


async def test_another_authority_than_the_servers_does_not_help(ways: Ways, ca: Authority, tmp_path: Path) -> None:
    async with secure(ca.issue("server")) as url:
        assert "is not trusted" in (await ways.failure(url, pem(authority(tmp_path, "other")))).message


async def test_the_systems_authorities_are_trusted_besides(
    ways: Ways, ca: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = authority(tmp_path, "system")
    monkeypatch.setenv("SSL_CERT_FILE", str(system.file))
    async with secure(ca.issue("server")) as private, secure(system.issue("server")) as public:
        assert [await ways.get(url, pem(ca)) for url in (private, public)] == ["hello", "hello"]


async def test_several_certificates_may_stand_in_a_bundle_with_text_around(
    ways: Ways, ca: Authority, tmp_path: Path
) -> None:
    bundle = f"# Ünser Büro\r\n{pem(authority(tmp_path, 'other'))}\n# and\n{pem(ca)}# end"
    async with secure(ca.issue("server")) as url:
        assert await ways.get(url, bundle) == "hello"


async def test_the_certificate_of_the_server_itself_will_do(ways: Ways, ca: Authority) -> None:
    pair = ca.issue("server")
    async with secure(pair) as url:
        assert await ways.get(url, pair.certificate.read_text()) == "hello"


async def test_an_expired_certificate_is_told_as_such(ways: Ways, tmp_path: Path) -> None:
    pair = expired(tmp_path)
    async with secure(pair) as url:
        error = await ways.failure(url, pair.certificate.read_text())
    assert error.message == f"the certificate of {url} is not valid now (certificate has expired); renew it"


async def test_a_certificate_for_another_host_is_told_as_such(ways: Ways, tmp_path: Path) -> None:
    pair = self_signed(tmp_path, "elsewhere")
    async with secure(pair) as url:
        error = await ways.failure(url, pair.certificate.read_text())
    assert error.reason == "CertificateRefused"
    assert error.message == (
        f"the certificate of {url} is for another host; correct spec.endpoint of the Provider, or the certificate"
    )


async def refusal(clients: Clients, settings: Provider) -> str:
    with pytest.raises(TemporaryError) as caught:
        await clients.get(settings, URL)
    assert (caught.value.reason, caught.value.needs_help, caught.value.delay) == ("InvalidProvider", True, 30.0)
    assert not caught.value.down
    return caught.value.message


@pytest.mark.parametrize(
    ("bundle", "message"),
    [
        ("garbage", "holds no certificate; put in PEM, which begins with -----BEGIN CERTIFICATE-----"),
        ("-----BEGIN CERTIFICATE REQUEST-----\nAAAA", "holds no certificate"),
        (PEM.format("AAAA"), "can't be read: certificate 1 of 1 is damaged; put it in anew"),
        (PEM.format(""), "certificate 1 of 1 is damaged"),
        (PEM.format("!!!!"), "certificate 1 of 1 is damaged"),
        (PEM.format("é"), "certificate 1 of 1 is damaged"),
        ("-----BEGIN CERTIFICATE-----\nMIIB", "certificate 1 of 1 is damaged"),
        (
            PEM.format("AAAA") + "-----BEGIN RSA PRIVATE KEY-----\n",
            "holds a private key, which everybody can read there",
        ),
    ],
)
async def test_what_is_no_certificate_is_told(ways: Ways, bundle: str, message: str) -> None:
    told = await refusal(ways.clients, provider(bundle))
    assert told.startswith("Provider team-a/app: spec.caBundle ")
    assert message in told


async def test_of_many_certificates_the_damaged_one_is_named(ways: Ways, ca: Authority) -> None:
    good = pem(ca)
    for damaged in (good[:90] + good[100:], good.replace("-----END", "-----AND")):
        assert "certificate 2 of 3 is damaged" in await refusal(ways.clients, provider(good + damaged + good))


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy:3128",
        "http://proxy",
        "https://proxy:1",
        "http://u:p@proxy:1",
        "http://proxy:99999",
        "http://p:1/x",
    ],
)
async def test_what_is_no_proxy_is_told(ways: Ways, proxy: str) -> None:
    told = await refusal(ways.clients, provider(proxy=proxy))
    assert told == "Provider team-a/app: spec.proxy must be http://host:port, without a credential"


async def test_providers_with_the_same_settings_share_a_session(ways: Ways, ca: Authority) -> None:
    bundle, proxy = pem(ca), "http://proxy:1"
    settings = [("", ""), (bundle, ""), ("", proxy), (bundle, proxy)]
    sessions = [await ways.clients.get(provider(*each), URL) for each in settings]
    again = [await ways.clients.get(provider(*each, namespace="team-b"), "https://other") for each in settings]
    assert again == sessions
    assert len(set(map(id, sessions))) == 4


async def test_many_that_come_at_once_wait_for_one_session(ways: Ways, ca: Authority) -> None:
    sessions = await asyncio.gather(*(ways.clients.get(provider(pem(ca)), URL) for _ in range(20)))
    assert len(set(map(id, sessions))) == 1


async def test_all_sessions_are_closed_at_the_end(ca: Authority) -> None:
    async with Clients({}) as clients:
        sessions = [await clients.get(provider(bundle), URL) for bundle in ("", pem(ca))]
        assert not any(session.closed for session in sessions)
    assert all(session.closed for session in sessions)


async def test_a_changed_bundle_makes_a_new_session_and_the_old_one_is_closed_when_nobody_uses_it(
    ca: Authority, tmp_path: Path
) -> None:
    now = [0.0]
    async with Clients({}, clock=lambda: now[0]) as clients:
        old = await clients.get(provider(pem(ca)), URL)
        now[0] = IDLE - 1.0
        assert await clients.get(provider(pem(ca)), URL) is old
        changed = provider(pem(authority(tmp_path, "new")))
        now[0] = 2 * IDLE - 2.0  # just so long ago that somebody may still be at it
        new = await clients.get(changed, URL)
        assert (new is old, old.closed) == (False, False)
        now[0] = 4 * IDLE
        assert await clients.get(provider(), URL)
        assert old.closed
        assert not (await clients.get(changed, URL)).closed


@pytest.fixture
def bundles(tmp_path: Path) -> Callable[[int], str]:
    made = [pem(authority(tmp_path, str(number))) for number in range(3)]
    return lambda number: made[0] * (1 + number) + made[1 + number % 2]


async def test_a_namespace_cannot_fill_the_memory_with_bundles(bundles: Callable[[int], str]) -> None:
    now = [0.0]
    async with Clients({}, clock=lambda: now[0]) as clients:
        for number in range(BUNDLES):
            await clients.get(provider(bundles(number)), URL)
            await clients.get(provider(bundles(number), "http://proxy:1"), URL)
        assert "use the same ones for all Providers" in await refusal(clients, provider(bundles(BUNDLES)))
        # Others, what is there, and what needs none, are not concerned.
        await clients.get(provider(bundles(BUNDLES), namespace="team-b"), URL)
        await clients.get(provider(bundles(0)), URL)
        await clients.get(provider(proxy="http://other:1"), URL)
        now[0] = IDLE
        await clients.get(provider(bundles(BUNDLES + 1)), URL)


async def test_all_namespaces_together_cannot_either_and_take_turns(bundles: Callable[[int], str]) -> None:
    now = [0.0]
    async with Clients({}, clock=lambda: now[0], most=3) as clients:
        for number in range(3):
            now[0] += 1.0
            await clients.get(provider(bundles(number), namespace=f"team-{number}"), URL)
        first = await clients.get(provider(bundles(1), namespace="team-1"), URL)
        late = provider(bundles(3), namespace="team-3")
        now[0] = REST
        with pytest.raises(Throttled, match="3 different values of") as caught:
            await clients.get(late, URL)
        assert caught.value.delay == REST
        for more in (provider(bundles(2), "http://proxy:1", namespace="other"), provider(namespace="other")):
            await clients.get(more, URL)  # what is there, and who needs none, is not concerned
        now[0] = REST + 1.0
        new = await clients.get(late, URL)
        assert (new.closed, first.closed) == (False, False)  # the first of all went, and nobody else
        with pytest.raises(Throttled):
            await clients.get(provider(bundles(0), namespace="team-0"), URL)
