"""The service starts only where it can tell a stranger from a reader, or is told that it need not."""

from pathlib import Path
from typing import Any

import pytest

from tekton_integrations.web.settings import SettingsError, WebSettings


@pytest.mark.parametrize(
    "given",
    [
        {"username": "ci", "password": "secret"},
        {"users": Path("users")},
        {"tokens": True},
        {"insecure": True},
        {"tokens": True, "certificate": Path("c"), "key": Path("k")},
    ],
)
def test_one_way_in_is_enough(given: dict[str, Any]) -> None:
    WebSettings(**given).check()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "nobody could be told from a stranger"),
        ({"username": "admin", "password": "admin"}, "admin/admin"),
        ({"username": "ci"}, "belong together"),
        ({"password": "secret"}, "belong together"),
        ({"username": "", "password": ""}, "nobody could be told"),
        ({"tokens": True, "insecure": True}, "take it away"),
        ({"tokens": True, "certificate": Path("c")}, "belong together"),
    ],
)
def test_what_would_let_in_strangers_is_refused_with_the_cure(given: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        WebSettings(**given).check()
