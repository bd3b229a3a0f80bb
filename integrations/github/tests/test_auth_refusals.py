"""What is wrong with a credential, or with what it may do, is told; and that it is corrected is noticed."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from integrations.github.tests.calling import Caller, CheckPage, calling, in_form
from tekton_integrations import PermanentError, TemporaryError

NOTHING = [CheckPage(check_runs=[])]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
async def test_a_key_is_taken_in_both_of_its_forms(caller: Caller, form: PrivateFormat) -> None:
    caller.use_key(in_form(caller.app.private_key_pem, form))
    assert await caller.read() == NOTHING


def elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def encrypted() -> str:
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")).decode()


BAD_KEYS = ["", "secret", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", elliptic(), encrypted()]


@pytest.mark.parametrize("pem", BAD_KEYS, ids=["empty", "a word", "a stump", "another kind", "with a password"])
async def test_what_is_no_rsa_key_is_told_and_not_quoted(caller: Caller, pem: str) -> None:
    caller.use_key(pem)
    with pytest.raises(TemporaryError, match=r"put the App's \.pem file there") as caught:
        await caller.read()
    assert (caught.value.reason, caught.value.needs_help) == ("CredentialUnavailable", True)
    assert "secret" not in caught.value.message
    assert caller.sent == []


async def test_a_corrected_key_is_used(caller: Caller) -> None:
    caller.use_key(caller.github.add_app(13).private_key_pem, app_id=12)
    with pytest.raises(TemporaryError) as caught:
        await caller.read()
    assert (caught.value.reason, caller.renewed) == ("CredentialRefused", 1)
    caller.use_key(caller.app.private_key_pem)
    assert await caller.read() == NOTHING


async def test_an_app_id_that_does_not_exist_is_named(caller: Caller) -> None:
    caller.use_key(caller.app.private_key_pem, app_id=99)
    with pytest.raises(TemporaryError, match="check that appId is the App of that private key"):
        await caller.read()


@pytest.mark.parametrize("wrong", [-3600, 3600])
async def test_a_clock_that_is_wrong_is_told(caller: Caller, wrong: float) -> None:
    caller.ahead = wrong
    with pytest.raises(TemporaryError, match="set this machine's clock") as caught:
        await caller.read()
    assert caught.value.reason == "CredentialRefused"


async def test_an_app_that_is_installed_for_the_owner_but_not_on_the_repository_is_told(caller: Caller) -> None:
    caller.github.add_repository("acme/hidden")
    with pytest.raises(PermanentError, match="select the repository in the App's installation for acme") as caught:
        await caller.read("acme/hidden")
    assert caught.value.reason == "NotVisible"


async def test_an_app_that_is_not_installed_for_the_owner_is_told(caller: Caller) -> None:
    caller.github.add_repository("initech/api")
    with pytest.raises(PermanentError, match=r"install the App .* it is not installed for initech") as caught:
        await caller.read("initech/api")
    assert caught.value.reason == "NotVisible"


async def test_an_installation_without_the_permission_is_told(caller: Caller) -> None:
    caller.github.installation("acme/api", caller.app).permissions = {"metadata": "read"}
    with pytest.raises(PermanentError, match="lacks the permission `Checks: write`") as caught:
        await caller.read()
    assert caught.value.reason == "Forbidden"


async def test_a_suspended_installation_is_told(caller: Caller) -> None:
    await caller.create()
    caller.github.installation("acme/api", caller.app).suspended = True
    for _ in range(2):
        with pytest.raises(PermanentError, match="unsuspend the App's installation") as caught:
            await caller.create()
        caller.github.expire_tokens()
    assert caught.value.reason == "Forbidden"


@pytest.mark.parametrize("text", ["ghp_mine\nghp_second", "", "\n", "gh\u00e9"])
async def test_a_personal_token_that_is_no_token_is_told(caller: Caller, text: str) -> None:
    caller.use_token(text)
    with pytest.raises(TemporaryError, match="one line of printable characters"):
        await caller.read()
