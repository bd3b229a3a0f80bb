"""Each shape of a credential, at its shortest: that is hidden, and with one character less it is none."""

import pytest

from tekton_integrations.token_shapes import spans

WHOLE = [
    *(f"gh{kind}_{'a1' * 8}" for kind in "pousr"),
    "ghs_1_a.b-c_defghijk",
    f"github_pat_{'a_' * 10}",
    "xoxb-1234-abc",
    "xoxp-1234-abc",
    f"xapp-{'1-A' * 5}b",
    f"AKIA{'A1' * 8}",
    f"ASIA{'A1' * 8}",
    "eyJhbGciOiJ.eyJzdWI_",
    f"AIza{'b-' * 15}",
    f"ya29.{'c.' * 10}",
    *(
        f"gl{kind}-{'d.' * 8}"
        for kind in ("pat", "ptt", "dt", "rt", "cbt", "ft", "soat", "oas", "imt", "agent", "ffct")
    ),
    f"npm_{'e1' * 15}",
    f"pypi-{'f-' * 20}",
    f"dckr_pat_{'g-' * 10}",
    f"dckr_oat_{'g-' * 10}",
    f"hvs.{'h_' * 10}",
    f"hvb.{'h_' * 10}",
    f"sk_live_{'i1' * 8}",
    f"rk_live_{'i1' * 8}",
]
# What stands before the secret, the secret, and what stands after it.
PARTS = [
    ("https://hooks.slack.com/services/", "T1/B2/ab", ""),
    ("https://hooks.slack.com/workflows/", "T1/B2/ab", ""),
    ("https://hooks.slack.com/triggers/", "T1/B2/ab", ""),
    ("https://", "a" * 20, "@example.com"),
    ("Bearer ", "abc.~+/=-_" * 2, ""),
    ("Authorization: ", "x", ""),
    ("authorization = '", "x", "'"),
    ('{\\"Authorization\\":\\"', "x", '\\"'),
    ("Set-Cookie: ", "a", ""),
    ('"cookie":"', "a=b; c", '"'),
    ("X-Vault-Token: ", "abcdefgh", ""),
    ("JOB-TOKEN=", "abcdefgh", ""),
    ("X-Api-Key: ", "abcdefgh", ""),
    ("AWS_SECRET_ACCESS_KEY=", "abc/def+", ""),
    ("awsSecretAccessKey: ", "abc/def+", ""),
    ("aws_session_token\t=\t", "abcdefgh", ""),
    ("awsSessionToken: '", "abcdefgh", "'"),
]


def found(text: str) -> set[str]:
    return {text[start:end] for start, end in spans(text)}


@pytest.mark.parametrize("token", WHOLE)
def test_a_token_is_found_whole_and_no_shorter_one_is(token: str) -> None:
    assert found(f"a {token}\nb") == {token}
    assert not found(f"a {token[:-1]}\nb")


@pytest.mark.parametrize(("before", "secret", "after"), PARTS)
def test_of_what_is_named_only_the_secret_is_found(before: str, secret: str, after: str) -> None:
    assert secret in found(f"{before}{secret}{after}\nb")
    assert len(found(f"{before}{secret}{after}\nb")) == 1
    if len(secret) > 6:
        assert not found(f"{before}{secret[:-1]}{after}\nb")


def test_a_letter_that_grows_when_it_is_made_small_moves_nothing() -> None:
    assert found("\u0130\u0130 Bearer abcdefghijklmnopqrst") == {"abcdefghijklmnopqrst"}


@pytest.mark.parametrize("kind", ["", "RSA ", "ENCRYPTED ", "OPENSSH ", "A" * 39 + " "])
def test_a_private_key_is_found_with_its_ends(kind: str) -> None:
    key = f"-----BEGIN {kind}PRIVATE KEY-----\nMII-ab\n-----END {kind}PRIVATE KEY-----"
    assert found(f"a\n{key}\nb") == {key}


def test_so_are_one_of_pgp_one_without_an_end_and_the_rest_of_one() -> None:
    key = "-----BEGIN PGP PRIVATE KEY BLOCK-----\nab\n-----END PGP PRIVATE KEY BLOCK-----"
    assert found(f"a\n{key}\nb") == {key}
    assert found(f"a\n{key[:45]}") == {key[:45]}
    assert found(f"{key[41:]}\nb") == {key[41:]}
    assert not found(f"-----BEGIN CERTIFICATE-----\nab\n{key[41:]}")
