"""Signed links: one run, one scope, one time, one key; nothing else opens them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tekton_integrations.links import Expired, Key, KeyUnfit, Link, LinkError, Scope, opened, read_key, read_keys, sign

OLD, NEW = Key("2026-10", b"o" * 32), Key("2026-11", b"n" * 32)
RING = {key.id: key for key in (OLD, NEW)}
LINK = Link(
    key=NEW.id,
    expires=1000,
    scope=Scope.STATUS,
    kind="PipelineRun",
    namespace="team-a",
    name="build-1",
    uid="uid-1",
)
TOKEN = sign(NEW, LINK)


def test_a_link_says_what_was_signed_until_it_expires() -> None:
    assert opened(RING, TOKEN, 999.9) == LINK
    with pytest.raises(Expired):
        opened(RING, TOKEN, 1000)


def test_it_is_short_and_needs_no_quoting_in_a_url() -> None:
    token = sign(NEW, replace(LINK, namespace="n" * 63, name="r" * 253, uid="u" * 36))
    assert len(token) < 700
    assert token.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_keys_are_rotated_links_of_both_open_while_both_are_there() -> None:
    older = sign(OLD, replace(LINK, key=OLD.id))
    assert opened(RING, older, 0).key == OLD.id
    with pytest.raises(LinkError, match="not any more"):
        opened({NEW.id: NEW}, older, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"scope": Scope.LOGS},
        {"uid": "uid-2"},
        {"expires": 2000},
        {"namespace": "team-b"},
        {"name": "x"},
        {"key": OLD.id},
    ],
)
def test_what_was_signed_can_not_be_changed(change: dict[str, str]) -> None:
    said = sign(OLD, replace(LINK, **change)).partition(".")[0]
    with pytest.raises(LinkError) as raised:
        opened(RING, f"{said}.{TOKEN.partition('.')[2]}", 0)
    assert not isinstance(raised.value, Expired)


def test_an_expired_link_of_somebody_else_is_not_called_expired() -> None:
    with pytest.raises(LinkError) as raised:
        opened(RING, sign(Key(NEW.id, b"x" * 32), replace(LINK, expires=1)), 1000)
    assert not isinstance(raised.value, Expired)


@pytest.mark.parametrize(
    "token", ["", ".", "a.b", TOKEN[:-1], TOKEN + "A", TOKEN + "=", f"{TOKEN}.", TOKEN[1:], "x" * 9999]
)
def test_what_is_no_link_opens_nothing(token: str) -> None:
    with pytest.raises(LinkError):
        opened(RING, token, 0)


@given(st.text())
def test_nothing_that_people_type_is_a_bug(token: str) -> None:
    with pytest.raises(LinkError):
        opened(RING, token, 0)


def test_a_folder_of_keys_is_a_mounted_secret(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    for key in RING.values():
        (tmp_path / key.id).write_bytes(key.secret + b"\n")
    assert read_keys(tmp_path) == RING
    assert read_key(tmp_path / NEW.id) == NEW


def test_keys_that_would_not_do_are_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("hunter2")
    (tmp_path / "a b").write_text("x" * 44)
    with pytest.raises(KeyUnfit, match=r"short is too short .*openssl rand -base64 32"):
        read_key(tmp_path / "short")
    with pytest.raises(KeyUnfit, match="only letters"):
        read_key(tmp_path / "a b")
    with pytest.raises(KeyUnfit, match="can't be read: No such file"):
        read_key(tmp_path / "none")
    with pytest.raises(KeyUnfit, match="can't be read"):
        read_keys(tmp_path / "short")
