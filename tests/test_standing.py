"""How a Provider stands: what is counted, what people are to see soon, and that it is read as it was written."""

import msgspec
import pytest

from tekton_integrations import PermanentError, TemporaryError, Throttled
from tekton_integrations.standing import Standing, Standings, decode_standing, encode_standing, urgent

REFUSED = TemporaryError("CredentialRefused", "put a valid one into its Secret", needs_help=True)
DOWN = TemporaryError("Unreachable", "no connection", down=True)
NO_PERMISSION = PermanentError("Forbidden", "give the App `Checks: write`")


class Book:
    """One Provider's, at a time that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.standings = Standings(lambda: self.now)
        self.doubted: list[str] = []
        self.news = 0
        self.standings.doubted = self.doubted.append
        self.standings.news = self._news

    def _news(self) -> None:
        self.news += 1

    @property
    def standing(self) -> Standing:
        return self.standings["u"]

    def tried(self, error: PermanentError | TemporaryError | None = None) -> tuple[str, str, float]:
        self.standings.tried("u", 1, error, "the credential was tried")
        verdict = self.standing.verdict
        assert verdict is not None
        return verdict.status, verdict.reason, verdict.since


def test_a_verdict_says_whether_somebody_has_to_change_something_and_since_when() -> None:
    book = Book()
    assert book.tried() == ("True", "Ready", 1000.0)
    book.now = 2000.0
    assert book.tried() == ("True", "Ready", 1000.0)
    assert book.tried(REFUSED) == ("False", "CredentialRefused", 2000.0)
    book.now = 3000.0
    assert book.tried(NO_PERMISSION) == ("False", "Forbidden", 2000.0)
    assert book.tried(DOWN) == ("Unknown", "Unreachable", 3000.0)


def test_reports_are_counted_by_what_became_of_them_and_the_last_of_each_kind_is_known() -> None:
    book = Book()
    book.standings.accepted("u", "a/b")
    book.now = 1001.0
    book.standings.failed("u", "a/b", DOWN)
    book.standings.failed("u", "a/b", NO_PERMISSION)
    for unsent in (Throttled("wait", 5.0), TemporaryError("MaybeSent", "in doubt")):
        book.standings.failed("u", "a/b", unsent)
    standing = book.standing
    assert (standing.accepted, standing.retried, standing.given_up, standing.last_success) == (1, 1, 1, 1000.0)
    assert standing.last_error is not None
    assert (standing.last_error.time, standing.last_error.reason) == (1001.0, "Forbidden")


def test_only_what_speaks_against_a_verdict_brings_it_into_doubt() -> None:
    book = Book()
    book.standings.failed("u", "a/b", REFUSED)
    book.standings.accepted("u", "a/b")
    assert book.doubted == []  # it is tried anyway
    book.tried()
    book.standings.accepted("u", "a/b")
    book.standings.failed("u", "a/b", NO_PERMISSION)  # perhaps of one repository
    assert book.doubted == []
    book.standings.failed("u", "a/b", REFUSED)
    assert book.doubted == ["a/b"]
    book.tried(REFUSED)
    book.standings.failed("u", "a/b", REFUSED)
    assert book.doubted == ["a/b"]
    book.standings.accepted("u", "a/b")
    assert book.doubted == ["a/b", "a/b"]


def test_a_verdict_and_trouble_of_another_kind_are_news_and_counts_are_not() -> None:
    book = Book()
    book.tried()
    before = book.standing
    book.standings.accepted("u", "a/b")
    assert book.news == 1
    assert not urgent(before, book.standing)
    book.standings.failed("u", "a/b", DOWN)
    book.standings.failed("u", "a/b", DOWN)
    assert book.news == 2
    assert urgent(before, book.standing)


def test_it_is_read_as_it_was_written_so_a_successor_goes_on_counting() -> None:
    book = Book()
    book.tried(NO_PERMISSION)
    book.standings.accepted("u", "a/b")
    book.standings.failed("u", "a/b", DOWN)
    again = decode_standing(msgspec.json.encode(encode_standing(book.standing)))
    assert again == book.standing
    other = Book()
    other.standings.begin({"u": again})
    other.standings.accepted("u", "a/b")
    assert other.standing.accepted == 2


@pytest.mark.parametrize("status", [b"{}", b'{"conditions": 7}', b'{"reports": {"accepted": "many"}}'])
def test_what_can_t_be_read_counts_as_nothing(status: bytes) -> None:
    assert decode_standing(status) == Standing()
    assert encode_standing(Standing()) == {}


def test_what_a_service_says_is_kept_short_and_fit_for_one_line() -> None:
    book = Book()
    long = PermanentError("Forbidden", "no\nno " * 1000)
    book.tried(long)
    book.standings.failed("u", "a/b", long)
    verdict, trouble = book.standing.verdict, book.standing.last_error
    assert verdict is not None
    assert trouble is not None
    assert verdict.message == trouble.message
    assert len(trouble.message) == 1024
    assert "\n" not in trouble.message


def test_a_status_has_the_names_that_people_read_and_whole_seconds() -> None:
    book = Book()
    assert encode_standing(book.standing) == {}
    book.now = 1.9
    book.standings.tried("u", 7, None, "it works")
    book.standings.accepted("u", "a/b")
    book.standings.failed("u", "a/b", DOWN)
    assert encode_standing(book.standing) == {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Ready",
                "message": "it works",
                "lastTransitionTime": "1970-01-01T00:00:01Z",
                "observedGeneration": 7,
            }
        ],
        "lastSuccess": {"time": "1970-01-01T00:00:01Z"},
        "lastError": {"time": "1970-01-01T00:00:01Z", "reason": "Unreachable", "message": "no connection"},
        "reports": {"accepted": 1, "retried": 1, "givenUp": 0},
    }


def test_only_the_condition_ready_is_a_verdict() -> None:
    other = {"type": "Other", "status": "False", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:00:05Z"}
    standing = decode_standing(msgspec.json.encode({"conditions": [other, ready]}))
    assert standing.verdict is not None
    assert (standing.ready, standing.verdict.since) == (True, 5.0)
    assert not decode_standing(msgspec.json.encode({"conditions": [other]})).ready


def test_of_a_provider_that_is_gone_nothing_is_known() -> None:
    book = Book()
    book.tried()
    book.standings.forget("u")
    book.standings.forget("never there")
    assert book.standing == Standing()
