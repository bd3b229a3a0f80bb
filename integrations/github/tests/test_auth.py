"""Tokens: minted once for all who need one, narrow, renewed in time; what is wrong with a credential is told."""

import asyncio

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tekton_integrations_github.api import Api
from tekton_integrations_github.auth import Tokens

from integrations.github.tests.helpers import INSTALLATION, MINT, SHA, Stage, together
from tekton_integrations import PermanentError, TemporaryError
from tests.fakes.github import CutAfterWrite, Hang, Unauthorized

CHECKS = f"/repos/acme/api/commits/{SHA}/check-runs"


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


async def read(scene: Stage, tokens: Tokens, repository: str = "acme/api") -> object:
    api = Api(scene.context(), repository.partition("/")[0])
    return await tokens.call(api, repository, "GET", f"/repos/{repository}/commits/{SHA}/check-runs")


def in_form(pem: str, form: PrivateFormat) -> str:
    key = serialization.load_pem_private_key(pem.encode(), None)
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def minted(scene: Stage) -> int:
    return scene.github.counts[MINT]


async def test_one_token_serves_all_who_call_at_once(scene: Stage, tokens: Tokens) -> None:
    answers = await together(*(read(scene, tokens) for _ in range(20)))
    assert answers == [{"total_count": 0, "check_runs": []}] * 20
    assert (minted(scene), scene.github.counts[INSTALLATION]) == (1, 1)


async def test_a_token_may_write_checks_of_its_repository_and_nothing_else(scene: Stage, tokens: Tokens) -> None:
    scene.github.add_repository("acme/other", installation_of=scene.app)
    await read(scene, tokens)
    [token] = scene.github.world.tokens.values()
    assert token.permissions == {"metadata": "read", "checks": "write"}
    assert token.repositories == frozenset({scene.github.world.named("acme/api").id})


async def test_each_repository_has_its_own_token(scene: Stage, tokens: Tokens) -> None:
    scene.github.add_repository("acme/other", installation_of=scene.app)
    scene.github.add_commit("acme/other", SHA)
    for repository in ("acme/api", "acme/other", "acme/api"):
        await read(scene, tokens, repository)
    assert minted(scene) == 2


@pytest.mark.parametrize(("later", "tokens_needed"), [(3400, 1), (3500, 2), (4000, 2)])
async def test_a_token_is_renewed_two_minutes_before_it_ends(
    scene: Stage, tokens: Tokens, later: float, tokens_needed: int
) -> None:
    await read(scene, tokens)
    scene.ahead = later
    await read(scene, tokens)
    assert minted(scene) == tokens_needed


async def test_a_token_that_is_refused_is_replaced_once(scene: Stage, tokens: Tokens) -> None:
    await read(scene, tokens)
    scene.github.expire_tokens()
    assert await read(scene, tokens) == {"total_count": 0, "check_runs": []}
    assert (minted(scene), scene.renewed) == (2, 0)


async def test_the_pages_of_a_list_survive_a_token_that_is_refused(scene: Stage, tokens: Tokens) -> None:
    await read(scene, tokens)
    scene.github.expire_tokens()
    pages = await tokens.pages(Api(scene.context(), "acme"), "acme/api", CHECKS)
    assert pages == [{"total_count": 0, "check_runs": []}]


async def test_when_the_new_token_is_refused_too_the_credential_is_read_again(scene: Stage, tokens: Tokens) -> None:
    rule = scene.github.faults.add("^GET .*/check-runs$", Unauthorized(), times=None)
    with pytest.raises(TemporaryError, match="put a valid one into its Secret") as caught:
        await read(scene, tokens)
    assert (caught.value.reason, caught.value.needs_help, len(rule.hits)) == ("CredentialRefused", True, 2)
    assert scene.renewed == 1


async def test_a_late_refusal_of_an_old_token_leaves_the_new_one(scene: Stage, tokens: Tokens) -> None:
    await read(scene, tokens)
    scene.github.expire_tokens()
    rule = scene.github.faults.add("^GET .*/check-runs$", Hang())
    slow = asyncio.create_task(read(scene, tokens))
    await rule.struck()
    await read(scene, tokens)
    rule.release()
    await slow
    assert minted(scene) == 2


@pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
async def test_a_key_is_taken_in_both_of_its_forms(scene: Stage, tokens: Tokens, form: PrivateFormat) -> None:
    scene.use_key(in_form(scene.app.private_key_pem, form))
    await read(scene, tokens)
    assert minted(scene) == 1


def elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize("pem", ["", "secret", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n", elliptic()])
async def test_what_is_no_rsa_key_is_told_and_not_quoted(scene: Stage, tokens: Tokens, pem: str) -> None:
    scene.use_key(pem)
    with pytest.raises(TemporaryError, match=r"put the App's \.pem file there") as caught:
        await read(scene, tokens)
    assert (caught.value.reason, caught.value.needs_help) == ("CredentialUnavailable", True)
    assert "secret" not in caught.value.message
    assert scene.sent == 0


async def test_a_corrected_key_is_used(scene: Stage, tokens: Tokens) -> None:
    scene.use_key(scene.github.add_app(13).private_key_pem, app_id=12)
    with pytest.raises(TemporaryError):
        await read(scene, tokens)
    scene.use_key(scene.app.private_key_pem, version="v2")
    await read(scene, tokens)
    assert minted(scene) == 1


async def test_the_key_of_another_app_is_refused_and_read_again(scene: Stage, tokens: Tokens) -> None:
    scene.use_key(scene.github.add_app(13).private_key_pem, app_id=12)
    with pytest.raises(TemporaryError) as caught:
        await read(scene, tokens)
    assert (caught.value.reason, scene.renewed) == ("CredentialRefused", 1)


async def test_an_app_id_that_does_not_exist_is_named(scene: Stage, tokens: Tokens) -> None:
    scene.use_key(scene.app.private_key_pem, app_id=99)
    with pytest.raises((PermanentError, TemporaryError)) as caught:
        await read(scene, tokens)
    assert "appId" in caught.value.message


async def test_an_app_that_is_not_installed_there_is_told(scene: Stage, tokens: Tokens) -> None:
    scene.github.add_repository("acme/hidden")
    with pytest.raises(PermanentError, match="install the App on the repository") as caught:
        await read(scene, tokens, "acme/hidden")
    assert caught.value.reason == "NotVisible"


async def test_an_installation_without_the_permission_is_told(scene: Stage, tokens: Tokens) -> None:
    scene.github.installation("acme/api", scene.app).permissions = {"metadata": "read"}
    with pytest.raises(PermanentError, match="`Checks: write`") as caught:
        await read(scene, tokens)
    assert caught.value.reason == "Forbidden"


async def test_a_suspended_installation_is_told(scene: Stage, tokens: Tokens) -> None:
    scene.github.installation("acme/api", scene.app).suspended = True
    with pytest.raises(PermanentError, match="suspended"):
        await read(scene, tokens)


async def test_a_cut_while_minting_leaves_nothing_in_doubt(scene: Stage, tokens: Tokens) -> None:
    scene.github.faults.add("access_tokens$", CutAfterWrite())
    with pytest.raises(TemporaryError) as caught:
        await read(scene, tokens)
    assert not caught.value.maybe_sent
    await read(scene, tokens)


async def test_a_personal_token_is_used_as_it_is_but_for_blanks_around_it(scene: Stage, tokens: Tokens) -> None:
    scene.use_token("ghp_mine\n")
    await read(scene, tokens)
    assert [call.headers["Authorization"] for call in scene.github.requests] == ["token ghp_mine"]


async def test_a_personal_token_that_is_refused_is_not_tried_twice(scene: Stage, tokens: Tokens) -> None:
    scene.use_token("ghp_mine")
    scene.github.world.tokens.clear()
    with pytest.raises(TemporaryError) as caught:
        await read(scene, tokens)
    assert (caught.value.reason, scene.renewed, scene.sent) == ("CredentialRefused", 1, 1)


async def test_a_personal_token_that_is_no_token_is_told(scene: Stage, tokens: Tokens) -> None:
    scene.use_token("ghp_mine\nghp_second")
    with pytest.raises(TemporaryError):
        await read(scene, tokens)
