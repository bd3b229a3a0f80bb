"""Signatures, as the library of Standard Webhooks judges them; and Secrets that hold something else."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError
from tekton_integrations_webhook.signing import LONGEST, SHORTEST, authorization, keys, signed

from tekton_integrations import TemporaryError
from tests.calm import calmly
from tests.fakes.webhook import KEY, OTHER_KEY

BODY = '{"type": "tekton.pipelinerun.finished", "data": {"name": "ü"}}'.encode()


def secret(number: int) -> bytes:
    return b"whsec_" + base64.b64encode(bytes(number))


def headers(*secrets: str, body: bytes = BODY, message: str = "msg-1", ago: int = 0) -> dict[str, str]:
    """Signed now: the library takes nothing older than five minutes."""
    found = dict(zip(("signing_key", "previous_signing_key"), (each.encode() for each in secrets), strict=False))
    return signed(message, int(time.time()) - ago, body, keys(found))


@calmly
@given(st.binary(min_size=SHORTEST, max_size=LONGEST), st.text(), st.uuids())
def test_whatever_is_signed_is_verified_with_the_same_key(raw: bytes, body: str, message: object) -> None:
    key = "whsec_" + base64.b64encode(raw).decode()
    sent = body.encode("utf-8", "replace")
    Webhook(key).verify(sent, headers(key, body=sent, message=str(message)), json_parse=False)


def test_while_a_key_is_replaced_both_receivers_verify_it() -> None:
    both = headers(KEY, OTHER_KEY)
    for key in (KEY, OTHER_KEY):
        Webhook(key).verify(BODY, both)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER_KEY).verify(BODY, headers(KEY))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "msg-2"},
        {"webhook-timestamp": headers(ago=60)["webhook-timestamp"]},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_what_was_altered_on_its_way_is_not_verified(change: dict[str, str]) -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(BODY, headers(KEY) | change)
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(BODY + b" ", headers(KEY))


def test_without_a_key_there_is_an_id_and_a_time_and_no_signature() -> None:
    assert signed("msg-1", 1_800_000_000, BODY, keys({})) == {
        "webhook-id": "msg-1",
        "webhook-timestamp": "1800000000",
    }


def test_white_space_around_a_key_is_no_part_of_it() -> None:
    assert keys({"signing_key": f" {KEY}\n".encode()}) == keys({"signing_key": KEY.encode()})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"whsec_",
        KEY.removeprefix("whsec_").encode(),
        b"whsk_" + KEY.removeprefix("whsec_").encode(),
        secret(SHORTEST - 1),
        secret(LONGEST + 1),
        b"whsec_!" + KEY.removeprefix("whsec_").encode(),
        KEY.encode()[:-1],
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize(
    ("field", "shown"), [("signing_key", "signingKey"), ("previous_signing_key", "previousSigningKey")]
)
def test_what_is_no_key_is_told_with_how_to_make_one_and_is_not_shown(content: bytes, field: str, shown: str) -> None:
    with pytest.raises(TemporaryError) as caught:
        keys({field: content})
    assert (caught.value.reason, caught.value.needs_help) == ("CredentialUnavailable", True)
    assert f"spec.webhook.{shown} of the Provider holds no signing key" in caught.value.message
    assert "openssl rand -base64 32" in caught.value.message
    assert len(content) < 8 or content.decode(errors="replace") not in caught.value.message


@pytest.mark.parametrize("length", [SHORTEST, 32, LONGEST])
def test_keys_of_all_lengths_that_the_standard_allows_are_taken(length: int) -> None:
    assert keys({"signing_key": secret(length)}) == [bytes(length)]


@pytest.mark.parametrize(
    ("token", "header"),
    [(b"abc\n", "Bearer abc"), (b"Basic dXNlcjpw", "Basic dXNlcjpw"), (b"Splunk 1-2", "Splunk 1-2")],
)
def test_a_token_is_a_bearer_s_unless_it_names_its_scheme(token: bytes, header: str) -> None:
    assert authorization({"token": token}) == {"authorization": header}


def test_without_a_token_there_is_no_such_header() -> None:
    assert authorization({"signing_key": KEY.encode()}) == {}


@pytest.mark.parametrize("token", [b"", b" \n", b"a\nb", b"a\r\nX-Other: b", "ü".encode(), b"\xff", b"a\x00"])
def test_what_can_stand_in_no_header_is_told_and_not_shown(token: bytes) -> None:
    with pytest.raises(TemporaryError) as caught:
        authorization({"token": token})
    assert caught.value.reason == "CredentialUnavailable"
    assert "spec.webhook.token" in caught.value.message
