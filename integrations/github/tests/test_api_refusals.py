"""What GitHub refuses, and what is said to whoever has to change something."""

from collections.abc import AsyncIterator

import pytest
from tekton_integrations_github.needs import accepted

from integrations.github.tests.calling import Caller, calling
from tekton_integrations import PermanentError
from tests.fakes.github import Fault, Refusal

WRITE = "POST .*/check-runs"


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with calling() as caller:
        yield caller


async def refusal(caller: Caller, fault: Fault) -> PermanentError:
    """How a write ends that GitHub answers so."""
    caller.github.faults.add(WRITE, fault)
    with pytest.raises(PermanentError) as caught:
        await caller.create()
    assert caller.shown("acme/api") == 0
    return caught.value


async def test_the_permission_that_github_names_is_the_one_to_give(caller: Caller) -> None:
    caller.use_token()
    caller.github.add_token("ghp_mine", permissions=["contents:read"])
    with pytest.raises(PermanentError, match="give the token `Commit statuses: write`") as caught:
        await caller.report()
    assert caught.value.reason == "Forbidden"


async def test_where_github_names_no_permission_it_is_the_one_that_we_asked_for(caller: Caller) -> None:
    error = await refusal(caller, Refusal(403, "Resource not accessible by integration"))
    assert error.message.endswith("(Resource not accessible by integration); give the App `Checks: write`")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("checks=write", "`Checks: write`"),
        ("issues=write; pull_requests=write", "`Issues: write` or `Pull requests: write`"),
        ("contents=read,statuses=write", "`Contents: read` and `Commit statuses: write`"),
        ("", ""),
        ("nothing we know", ""),
        ("x" * 5000 + "=write", ""),
        ("a=b;c=write;=;,", "`C: write`"),
    ],
)
def test_the_header_of_permissions_is_read_aloud(header: str, text: str) -> None:
    assert accepted(header) == text


REFUSALS = [
    (Refusal(403, "Repository was archived so is read-only."), "RepositoryBlocked", "unarchive it"),
    (Refusal(403, "Repository access blocked"), "RepositoryBlocked", "disabled"),
    (Refusal(451, "Repository access blocked"), "RepositoryBlocked", "disabled"),
    (Refusal(403, "Unable to create comment because issue is locked."), "ConversationLocked", "unlock it"),
    (
        Refusal(403, "Resource protected by organization SAML enforcement.", headers={"X-GitHub-SSO": "required"}),
        "Forbidden",
        "single sign-on",
    ),
    (
        Refusal(
            403,
            "Although you appear to have the correct authorization credentials, the `acme` organization has an IP "
            "allow list enabled, and 203.0.113.7 is not permitted to access this resource.",
        ),
        "Forbidden",
        "IP allow list",
    ),
    (
        Refusal(403, "`acme` forbids access via a personal access token (classic)."),
        "Forbidden",
        "a kind that the organisation allows",
    ),
    (Refusal(403, "This installation has been suspended"), "Forbidden", "unsuspend"),
    (
        Refusal(403, "Invalid app_id `12` - check run can only be modified by the GitHub App that created it."),
        "Forbidden",
        "another App",
    ),
    (Refusal(410, "Issues are disabled for this repo"), "Refused", "switch it on"),
    (Refusal(409, "Conflict: Commit status checks failed for master."), "Refused", "GitHub answered 409: Conflict"),
    (Refusal(422, "No commit found for SHA: 3f78"), "UnknownCommit", "check sha"),
]


@pytest.mark.parametrize(("fault", "reason", "words"), REFUSALS)
async def test_a_refusal_says_what_to_change(caller: Caller, fault: Fault, reason: str, words: str) -> None:
    error = await refusal(caller, fault)
    assert error.reason == reason
    assert words in error.message


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ([{"resource": "CheckRun", "field": "name", "code": "missing"}], "Validation Failed: name missing"),
        ([{"resource": "CheckRun", "code": "custom", "message": "Too long"}], "Validation Failed: Too long"),
        (["one", "two"], "Validation Failed: one: two"),
        ("in a word", "Validation Failed: in a word"),
        ([{}, None, 7], "Validation Failed: 7"),
        (None, "Validation Failed"),
    ],
)
async def test_the_details_of_a_refusal_are_quoted_as_sentences(caller: Caller, errors: object, words: str) -> None:
    body = {"message": "Validation Failed", "errors": errors}
    assert (await refusal(caller, Refusal(422, "", body=body))).message == f"GitHub answered 422: {words}"


async def test_any_other_refusal_is_quoted_short_and_on_one_line(caller: Caller) -> None:
    error = await refusal(caller, Refusal(409, "No\x1b[31m\n" + "x" * 5000))
    assert error.reason == "Refused"
    assert error.message.startswith("GitHub answered 409: No (31m xxx")
    assert len(error.message) < 200


async def test_neither_links_nor_credentials_that_a_refusal_holds_are_repeated(caller: Caller) -> None:
    said = "Denied: bearer ghs_aaaaBBBBccccDDDDeeee, see <https://evil.example|here> or [x](//evil.example)"
    error = await refusal(caller, Refusal(403, said))
    assert "ghs_" not in error.message
    assert not set("<>[]|") & set(error.message)
    assert "://" not in error.message


async def test_a_refusal_without_a_word_is_told_as_such(caller: Caller) -> None:
    error = await refusal(caller, Refusal(418, "", body={}))
    assert error.message == "GitHub answered 418: without a reason"
