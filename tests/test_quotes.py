"""What a remote says may be repeated, and is text then, and nothing of ours."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations import quoted
from tekton_integrations.testing.corpus import CORPUS
from tests.calm import calmly

TOKENS = {
    "installation token": "ghs_" + "a1B2" * 9,
    "personal token": "github_pat_" + "x" * 30,
    "App's JWT": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjEyfQ.c2lnbmF0dXJl",
    "header": "Authorization: Bearer s3cr3t-s3cr3t-s3cr3t-s3cr3t",
    "Slack token": "xoxb-123456789012-abcdefgh",
    "user of a URL": "https://me:s3cr3t-pass@ghe.example.com/x",
    "Slack webhook": "https://hooks.slack.com/services/T0/B0/s3cr3ts3cr3t",
}


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_whatever_is_quoted_is_one_short_line_of_text(text: str) -> None:
    for words in (text, f"before {text} after", text * 3):
        said = quoted(words)
        assert len(said) <= 120
        assert "\n" not in said
        assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in said)
        assert not re.search(r"://|\bwww\.|javascript:|[\[\]<>`|*@\\]", said)


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_credential_that_a_remote_echoes_is_not_repeated(token: str) -> None:
    said = quoted(f"Bad credentials: {token} is not valid", 500)
    assert not re.search(r"a1B2a1|xxxxx|eyJ|s3cr3t|abcdefgh", said)
    assert said.startswith("Bad credentials: ")


@pytest.mark.parametrize(
    "words",
    [
        "Resource not accessible by integration",
        "Validation Failed: No commit found for SHA: 3f78685",
        "Repository was archived so is read-only.",
        "The `ref` field (refs/heads/a_b) is 100% wrong",
        "Organization has enabled or enforced SAML SSO.",
    ],
)
def test_what_services_really_say_stays_readable(words: str) -> None:
    assert quoted(words) == words.replace("`", "'").replace("_", "\u02cd")


@calmly
@given(st.text(max_size=300), st.integers(1, 200))
def test_any_text_fits(text: str, limit: int) -> None:
    assert len(quoted(text, limit)) <= limit
