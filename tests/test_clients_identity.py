"""Mutual TLS: what a Provider's connections present of themselves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from hack.testbed.certificates import Authority, Pair
from tekton_integrations import Http, TemporaryError
from tekton_integrations.certificates import Identity
from tekton_integrations.clients import BUNDLES, Clients
from tekton_integrations.http import origin
from tests.kube.tls import self_signed
from tests.tls import asking_for, authority, secure
from tests.ways import provider

URL = "https://hooks.example.com"


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    async with Clients({}) as clients:
        yield clients


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return authority(tmp_path)


def identity(pair: Pair) -> Identity:
    return Identity(pair.certificate.read_bytes(), pair.key.read_bytes())


async def greeted(clients: Clients, url: str, ca: Authority, shown: Identity | None) -> str:
    session = await clients.get(provider(ca.file.read_text()), url, shown)
    answer = await Http(session, frozenset({origin(url)}), timeout=5.0).request("GET", url)
    return answer.body.decode()


async def test_a_server_that_asks_who_we_are_is_shown_our_certificate(
    clients: Clients, ca: Authority, tmp_path: Path
) -> None:
    mine = self_signed(tmp_path, "us")
    async with asking_for(mine, ca.issue("server")) as url:
        assert await greeted(clients, url, ca, identity(mine)) == "hello, us"


async def test_without_one_or_with_another_such_a_server_does_not_let_us_in(
    clients: Clients, ca: Authority, tmp_path: Path
) -> None:
    async with asking_for(self_signed(tmp_path, "us"), ca.issue("server")) as url:
        for shown in (None, identity(self_signed(tmp_path, "them"))):
            with pytest.raises(TemporaryError) as caught:
                await greeted(clients, url, ca, shown)
            assert caught.value.reason in ("ConnectionBroken", "Unreachable")


async def test_a_server_that_does_not_ask_is_called_all_the_same(
    clients: Clients, ca: Authority, tmp_path: Path
) -> None:
    async with secure(ca.issue("server")) as url:
        assert await greeted(clients, url, ca, identity(self_signed(tmp_path, "us"))) == "hello"


async def test_who_shows_another_certificate_or_none_has_another_session(clients: Clients, tmp_path: Path) -> None:
    shown = [None, identity(self_signed(tmp_path, "us")), identity(self_signed(tmp_path, "them"))]
    sessions = [await clients.get(provider(), URL, each) for each in shown]
    assert len(set(map(id, sessions))) == 3
    assert [await clients.get(provider(), URL, each) for each in shown] == sessions


def damaged(pair: Pair, other: Pair) -> list[Identity]:
    good, key = identity(pair), serialization.load_pem_private_key(pair.key.read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"password"),
    )
    return [
        Identity(b"garbage", good.key),
        Identity(good.certificate, b"garbage"),
        Identity(good.certificate, b""),
        Identity(good.certificate, identity(other).key),
        Identity(good.certificate, locked),
    ]


async def test_what_does_not_go_together_is_told(clients: Clients, tmp_path: Path) -> None:
    """Also a key with a password, which nobody is asked for."""
    for each in damaged(self_signed(tmp_path, "us"), self_signed(tmp_path, "them")):
        with pytest.raises(TemporaryError) as caught:
            await clients.get(provider(), URL, each)
        error = caught.value
        assert (error.reason, error.needs_help) == ("InvalidProvider", True)
        assert error.message == (
            "Provider team-a/app: the client's certificate and its private key can't be used together; "
            "put both into the Secret as PEM, without a password"
        )


async def test_a_namespace_cannot_fill_the_memory_with_certificates(clients: Clients, tmp_path: Path) -> None:
    made = [identity(self_signed(tmp_path, str(number))) for number in range(BUNDLES + 1)]
    for each in made[:-1]:
        await clients.get(provider(), URL, each)
    with pytest.raises(TemporaryError) as caught:
        await clients.get(provider(), URL, made[-1])
    assert "has used 8 different values" in caught.value.message
    await clients.get(provider(namespace="team-b"), URL, made[-1])
    await clients.get(provider(), URL)
