"""A request and its answer as plain values, so that a fault can run a request later, without a connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fakes.github.auth import Identity
    from tests.fakes.github.entities import Written

DOCS = "https://docs.github.com/rest"


@dataclass(kw_only=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


class ApiError(Exception):
    """What GitHub refuses, with its words."""

    def __init__(self, status: int, message: str, *, errors: Any = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def answer(self, documentation_url: str = DOCS) -> Answer:
        body: dict[str, Any] = {"message": self.message}
        if self.errors:
            body["errors"] = self.errors
        body |= {"documentation_url": documentation_url, "status": str(self.status)}
        return Answer(status=self.status, body=body, headers=dict(self.headers))


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def invalid_request(*problems: str) -> ApiError:
    """The form of GitHub's schema check: `Invalid request.`, an empty line, one sentence per problem."""
    return ApiError(422, "\n".join(["Invalid request.", "", *problems]))


def validation_failed(resource: str, message: str | None = None, field: str | None = None) -> ApiError:
    """The form of GitHub's model check; without a message the code is `invalid`."""
    error = {"resource": resource, "code": "custom" if message else "invalid"}
    if field:
        error["field"] = field
    if message:
        error["message"] = message
    return ApiError(422, "Validation Failed", errors=[error])


@dataclass(kw_only=True, eq=False)
class Call:
    """One request, as the log keeps it. `status` is None while it is under way, and when it was cut."""

    number: int
    method: str
    path: str  # as it came, still quoted, without /api/v3 and the query
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    raw: bytes = field(default=b"", repr=False)
    body: Any = field(default=None, repr=False)  # parsed JSON, None where there was none
    api: str = ""  # the base this client uses for the API, with /api/v3 where it does
    web: str = ""
    time: float = 0.0  # the server's clock
    answered: float | None = None  # by the same clock; None while it is under way, and when it was cut
    loop_time: float = 0.0
    endpoint: str = ""  # "POST /repos/{repo}/check-runs"; empty for unknown paths
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)
    client: str = ""  # whose rate limit it counts against: "installation 7", "app 12", "user 3", an address
    identity: "Identity | ApiError | None" = field(default=None, repr=False)
    lag: float = 0.0  # seconds by which lists are behind, see faults.LaggingList
    status: int | None = None
    written: "Written | None" = field(default=None, repr=False)
