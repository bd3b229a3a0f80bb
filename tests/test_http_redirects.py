"""Where an answer leads to: followed by nobody unless asked, and never out of the origin."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tekton_integrations import PermanentError, Response, redirected
from tests.calm import calmly

HERE = "https://ghe.example.com/api/v3/repos/acme/old?page=2"


def answer(status: int, location: str | None) -> Response:
    return Response(status, {} if location is None else {"location": location}, b"")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://ghe.example.com/api/v3/repositories/5", "https://ghe.example.com/api/v3/repositories/5"),
        ("https://GHE.example.com:443/x", "https://ghe.example.com/x"),
        ("//ghe.example.com/x", "https://ghe.example.com/x"),
        ("/repositories/5?page=3#part", "https://ghe.example.com/repositories/5?page=3"),
        ("new", "https://ghe.example.com/api/v3/repos/acme/new"),
        ("?page=4", "https://ghe.example.com/api/v3/repos/acme/old?page=4"),
        ("/a%2Fb%20c?d=%2B", "https://ghe.example.com/a%2Fb%20c?d=%2B"),
    ],
)
def test_a_redirect_within_the_origin_is_told(status: int, location: str, target: str) -> None:
    assert redirected(answer(status, location), HERE) == target


@pytest.mark.parametrize(
    ("status", "location"), [(200, "/x"), (201, "/x"), (300, "/x"), (303, "/x"), (304, "/x"), (301, None), (307, "")]
)
def test_other_answers_lead_nowhere(status: int, location: str | None) -> None:
    assert redirected(answer(status, location), HERE) is None


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.example.com/x",
        "http://ghe.example.com/x",
        "https://ghe.example.com:8443/x",
        "https://ghe.example.com.elsewhere/x",
        "https://ghe.example.com@elsewhere/x",
        "https://me@ghe.example.com/x",
        "//elsewhere/x",
        "javascript:x",
        "https://[",
        "https://ghe.example.com:99999/",
    ],
)
def test_a_redirect_out_of_the_origin_is_refused(location: str) -> None:
    with pytest.raises(PermanentError, match="is not at the endpoint of the Provider") as caught:
        redirected(answer(301, location), HERE)
    assert caught.value.reason == "EgressRefused"


def test_of_where_a_redirect_led_only_the_host_is_told() -> None:
    with pytest.raises(PermanentError) as caught:
        redirected(answer(302, "https://me:s3cret@elsewhere.example/hidden?token=s3cret"), HERE)
    assert caught.value.message.startswith("an answer led to https://elsewhere.example, which")


PARTS = [
    "https:",
    "http:",
    "//",
    "/",
    "\\",
    "@",
    ":",
    "443",
    "ghe.example.com",
    "elsewhere",
    "?",
    "#",
    "..",
    "[",
    "\n",
    "é",
]


@calmly
@given(st.text(min_size=1) | st.lists(st.sampled_from(PARTS), min_size=1).map("".join))
def test_no_redirect_leads_out_of_the_origin(location: str) -> None:
    with contextlib.suppress(PermanentError):
        target = redirected(answer(308, location), HERE)
        assert target is not None
        assert target.startswith("https://ghe.example.com/")
        assert target.isascii()
        assert target.isprintable()
        assert "#" not in target
