"""The way out as a test has it: what is called is noted, and the test answers. Nothing is sent."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from tekton_integrations.http import MAX_BODY, Http, Response, discreet, origin


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """`path` has the query with it; `headers` have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


Answer = Callable[[Call], Response]


class Wire(Http):
    """Calls to one endpoint. `answer` may raise, as a connection does that breaks."""

    def __init__(self, endpoint: str, answer: Answer, secrets: Collection[bytes] = ()) -> None:
        self._calls = 0
        self.origin = origin(endpoint)
        self._origins = frozenset((self.origin,))
        self._secrets = secrets
        self.answer = answer
        self.calls: list[Call] = []

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        limit: int = MAX_BODY,
        cut: bool = False,
    ) -> Response:
        self._keep_to_origins(url)
        for name, value in (headers or {}).items():
            if not (name + value).isprintable():
                raise ValueError(f"the header {name} holds what can't be in one: {value!r}")  # as a real client does
        self._calls += 1
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        call = Call(method=method, path=url.removeprefix(self.origin), headers=lower, body=body)
        self.calls.append(call)
        return discreet(self.answer(call), self._secrets)
