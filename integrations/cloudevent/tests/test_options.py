"""Which values annotations and Providers may have."""

from typing import Any

import msgspec
import pytest
from tekton_integrations_cloudevent.options import CloudEventOptions, CloudEventsSettings

from tekton_integrations.testing import SECRET

GOOD = {"target": "https://example.com/hook"}


def options(**given: Any) -> CloudEventOptions:
    return msgspec.convert(GOOD | given, CloudEventOptions)


def test_nothing_but_the_target_is_needed() -> None:
    assert msgspec.to_builtins(options()) == GOOD
    assert (options().mode, options().on, options().payload) == ("binary", "", "full")


@pytest.mark.parametrize(
    "given",
    [
        {"target": "example.com"},
        {"target": "ftp://example.com"},
        {"target": "https://user:pw@example.com"},
        {"target": "https://example.com/a b"},
        {"target": "https://example.com/\r\nx: y"},
        {"target": f"https://example.com/{'x' * 2048}"},
        {"mode": "batched"},
        {"on": "sometimes"},
        {"on": "failed;succeeded"},
        {"payload": "all"},
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        options(**given)


@pytest.mark.parametrize("on", ["created", "started,finished", "failed, timed-out", "problems"])
def test_occasions_are_words_with_commas(on: str) -> None:
    assert options(on=on).on == on


@pytest.mark.parametrize("given", [{"certificate": SECRET}, {"key": SECRET}])
def test_a_certificate_needs_its_key(given: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError, match="go together"):
        msgspec.convert(msgspec.to_builtins(given), CloudEventsSettings)
