"""The files of users, and how passwords are compared."""

import asyncio
import time
from pathlib import Path

import pytest
from aiohttp import web

from tekton_integrations.web import passwords
from tekton_integrations.web.passwords import Passwords, hashed
from tekton_integrations.web.settings import SettingsError
from tekton_integrations.web.user_files import User, UserFiles

HASH = hashed("secret")


def written(folder: Path, text: str) -> Path:
    path = folder / "users.yaml"
    path.write_text(text)
    return path


def test_a_mounted_secret_is_a_folder_of_files(tmp_path: Path) -> None:
    (tmp_path / "..data").mkdir()
    (tmp_path / "one.yaml").write_text(f"users: [{{name: a, password: {HASH!r}, namespaces: [x, y]}}]")
    (tmp_path / "two.yaml").write_text(f"users: [{{name: b, password: {HASH!r}}}]")
    files = UserFiles(tmp_path)
    assert files.get("a") == User(name="a", password=HASH, namespaces=("x", "y"))
    assert files.get("b") == User(name="b", password=HASH)
    assert files.get("c") is None


def test_an_empty_folder_has_no_users(tmp_path: Path) -> None:
    assert UserFiles(tmp_path).get("a") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "has no users"),
        ("users: [{name: a}]", "has no users"),
        (f"users: [{{name: a, password: {HASH!r}, namespace: x}}]", "unknown field"),
        ("users: [{name: a, password: plain}]", "is no hash; make one with `--hash-password`"),
        (f"users: [{{name: 'a:b', password: {HASH!r}}}]", "can't be a user's name"),
        (f"users: [{{name: a, password: {HASH!r}}}, {{name: a, password: {HASH!r}}}]", "a second user 'a'"),
    ],
)
def test_a_file_that_is_wrong_says_what_to_change(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        UserFiles(written(tmp_path, text))


def test_no_file_takes_the_name_of_the_listeners_user(tmp_path: Path) -> None:
    path = written(tmp_path, f"users: [{{name: ci, password: {HASH!r}}}]")
    with pytest.raises(SettingsError, match="a second user 'ci'"):
        UserFiles(path, (User(name="ci", password=HASH),))


def test_the_words_for_a_password_that_stands_there_as_it_is_do_not_repeat_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        UserFiles(written(tmp_path, "users: [{name: a, password: hunter2}]"))
    assert "hunter2" not in str(raised.value)


async def test_a_password_fits_its_own_hash_only() -> None:
    compare = Passwords()
    assert await compare.fit(HASH, "secret")
    assert not await compare.fit(HASH, "Secret")
    assert not await compare.fit(None, "secret")
    assert not await compare.fit(None, "nobody's")


async def test_the_loop_goes_on_while_passwords_are_compared() -> None:
    compare, ticks = Passwords(), 0
    compared = asyncio.gather(*(compare.fit(None, "x") for _ in range(8)))
    while not compared.done():
        ticks += 1
        await asyncio.sleep(0)
    assert ticks > 100


async def test_too_many_at_once_are_turned_away() -> None:
    compare = Passwords()
    tries = [compare.fit(None, "x") for _ in range(passwords.WAITING + 1)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(each) for each in answers if each is not False] == [web.HTTPServiceUnavailable]


async def test_a_user_that_there_is_not_costs_as_much_as_one_that_there_is() -> None:
    compare = Passwords()

    async def cost(known: str | None) -> float:
        begin = time.process_time()
        for _ in range(8):
            await compare.fit(known, "wrong")
        return time.process_time() - begin

    await cost(None)  # the first is slower
    unknown, known = zip(*[(await cost(None), await cost(HASH)) for _ in range(3)], strict=True)
    assert 0.5 < min(unknown) / min(known) < 2
