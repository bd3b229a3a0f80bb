"""Secrets are hidden however they are written, and little else is."""

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tekton_integrations.plain_text import clean
from tekton_integrations.redaction import MASK, Redactor
from tekton_integrations.secret_forms import MOST_BYTES, MOST_PIECES, TooMuch, squeezed
from tests.calm import quickly

# What stands around a secret in these texts is in none of them, nor in an encoding of one.
AROUND = "§ \n"
ALPHABETS = [
    st.characters(min_codepoint=0x21, max_codepoint=0x7E),
    st.sampled_from("ab"),
    st.sampled_from("\"'\\/%+&<= \n\tn0u41"),
    st.characters(blacklist_categories=("Cc", "Cs"), blacklist_characters=AROUND[0]),
]
values = st.one_of([st.text(alphabet, min_size=4, max_size=80) for alphabet in ALPHABETS])
Encoding = Callable[[str], str]


def in_base64(before: int = 0, after: int = 0) -> Encoding:
    """Within something longer; of that, only what the value alone decides is kept."""

    def encode(value: str) -> str:
        data = value.encode()
        encoded = base64.b64encode(b"~" * before + data + b"~" * after).decode()
        return encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6] if before or after else encoded

    return encode


ENCODINGS: dict[str, Encoding] = {
    "as it is": str,
    "base64": in_base64(),
    "base64 after 1": in_base64(1),
    "base64 between": in_base64(2, 1),
    "base64 before 3": in_base64(0, 3),
    "base64 without padding": lambda value: in_base64()(value).rstrip("="),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "HEX": lambda value: value.encode().hex().upper(),
    "URL": lambda value: quote(value, safe=""),
    "path": quote,
    "form": quote_plus,
    "component": lambda value: quote(value, safe="!'()*~"),
    "url": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "JSON": json.dumps,
    "JSON with all letters": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON for HTML": lambda value: json.dumps(value).replace("<", "\\u003c").replace("&", "\\u0026"),
    "JSON of PHP": lambda value: json.dumps(value).replace("/", "\\/"),
    "shell": lambda value: "".join(f"\\{each}" if each in "\"'\\/%&<= " else each for each in value),
}
every_encoding = pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)


def wrapped(text: str, column: int) -> str:
    return "\n".join(text[at : at + column] for at in range(0, len(text), column))


def redacted(log: str, *secrets: str | bytes) -> str:
    known = [each.encode() if isinstance(each, str) else each for each in secrets]
    return Redactor(known).redact(clean(log.encode()))


def runs(text: str, length: int = 4) -> set[str]:
    return {text[at : at + length] for at in range(len(text) - length + 1)}


@every_encoding
@settings(max_examples=150, deadline=None)
@given(value=values, before=st.text(AROUND), after=st.text(AROUND), column=st.integers(1, 100))
def test_no_part_of_a_secret_is_left(encode: Encoding, value: str, before: str, after: str, column: int) -> None:
    assume(len(squeezed(value)) >= 4 and squeezed(value[0]) and squeezed(value[-1]))
    encoded = encode(value)
    shown = redacted(f"{before}{wrapped(encoded, column)}{after}", value)
    assert not runs(squeezed(encoded)) & runs(squeezed(shown))
    assert len(squeezed(shown).replace(AROUND[0], "").replace(MASK, "")) <= 2 * len('"==')


@settings(max_examples=200, deadline=None)
@given(value=values, cut=st.integers(4, 40), column=st.integers(1, 100), front=st.booleans())
def test_nothing_is_left_of_a_secret_that_the_log_s_edge_cuts(value: str, cut: int, column: int, front: bool) -> None:
    encoded = squeezed(base64.b64encode(value.encode()).decode())
    part = encoded[-cut:] if front else encoded[:cut]
    log = f"{wrapped(part, column)}§ §" if front else f"§ §{wrapped(part, column)}"
    assert not runs(part) & runs(squeezed(redacted(log, value)))


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("it begins far behind: hunter2hun", "it begins far behind: ***"),
        ("2hunter3, and it goes on", "***, and it goes on"),
    ],
)
def test_what_an_edge_cuts_is_hidden_however_long_the_log_is(log: str, shown: str) -> None:
    assert redacted(log, "hunter2hunter3") == shown


@settings(max_examples=300, deadline=None)
@given(
    known=st.lists(values | st.sampled_from(["***a", "****", "a***b", "abab", "%2", "\\nab"]), max_size=4),
    pieces=st.lists(
        st.sampled_from(["***", "a", "%2", "Fa", "\\", "n", "://u:", "@", "-----END PRIVATE KEY-----", "\n"])
    ),
)
@example(known=["***a"], pieces=["***", *"aaaaaaaaaaaaaaaaaaaa"])
def test_what_was_redacted_stays_as_it_is(known: list[str], pieces: list[str]) -> None:
    redactor = Redactor(value.encode() for value in known)
    shown = redactor.redact(clean("".join([*pieces, *known, *pieces]).encode()))
    assert redactor.redact(shown) == shown


def test_what_is_no_secret_is_left_alone() -> None:
    log = "go: downloading\n\n  ok   pkg/a  0.1s\nFAIL: 100% of \\w+ \\\\host\\new C:\\a\nhttps://github.com/acme/api?x=%20a"
    assert redacted(log, "hunter2hunter2", b"\xff\x00\xfe\xfd") == log


def test_a_mask_replaces_a_secret_and_nothing_beside_it() -> None:
    assert redacted("a hunter2, b\n  hunter2!", "hunter2") == "a ***, b\n  ***!"
    assert redacted("a hunter2  hunter2\nhunter2 b\nhunter2\n  hunter2\n", "hunter2") == "a ***\n*** b\n***\n"


def test_what_repeats_itself_is_hidden_wherever_it_stands_and_nothing_beside_it() -> None:
    assert redacted("ababab x\n" * 20, "abab") == "*** x\n" * 20


@pytest.mark.parametrize("value", ["", "abc", "  abc\n", "a b c"])
def test_a_value_too_short_to_be_a_secret_is_not_hidden(value: str) -> None:
    assert redacted("abc a b c", value) == "abc a b c"


def test_each_line_of_a_value_is_hidden_by_itself() -> None:
    value = "first line\r\nab\n    second: line\n"
    log = "x first line y\nab\n> second: line\nsecond line"
    assert redacted(log, value) == "x *** y\nab\n> ***\nsecond line"


def test_a_long_value_is_hidden_as_one() -> None:
    key = "\n".join(base64.b64encode(bytes([line]) * 48).decode() for line in range(40))
    assert redacted(f"key:\n{key}\nend", key) == "key:\n***\nend"
    assert redacted("\n".join(key.splitlines()[10:20]), key) == MASK
    shown = redacted(f"<{wrapped(base64.b64encode(f'password {key}'.encode()).decode(), 76)}>", key)
    assert len(shown) < 20
    assert shown.endswith(f"{MASK}>")


def test_what_is_no_text_is_hidden_where_it_can_be_read() -> None:
    assert redacted("\ufffd\ufffdalias\ufffd and ali", b"\xfe\xedalias\xffab") == "\ufffd\ufffd***\ufffd and ali"
    assert redacted(b"\xfe\xedalias".hex(), b"\xfe\xedalias") == MASK


@pytest.mark.parametrize("log", ["p\\xe4ssword", "p\\xc3\\xa4ssword", "p%C3%A4ssword", "p\\u00e4ssword"])
def test_a_letter_is_known_however_its_bytes_are_escaped(log: str) -> None:
    assert redacted(f"it is {log}.", "p\u00e4ssword") == "it is ***."


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ('{"auths": {"r.example": {"username": "u", "password": "hunter2"}}}', "hunter2"),
        ('{"auths": {"r.example": {"auth": "' + base64.b64encode(b"robot:hunter2").decode() + '"}}}', "hunter2"),
        ('{"private_key": "-----BEGIN KEY-----\\nMIIabcdef\\n-----END KEY-----\\n"}', "MIIabcdef"),
        ('[{"a": ["hunter2"]}]', "hunter2"),
        ("TOKEN=hunter2\nDEBUG=true", "hunter2"),
        ("export TOKEN='hunter2'", "hunter2"),
        ("user: me\ntoken: hunter2\n", "hunter2"),
        ("machine github.com login me password hunter2", "hunter2"),
        ("<server><password>hunter2</password></server>", "hunter2"),
        ("https://me:hunter2@github.com\n", "hunter2"),
        ("DATABASE=postgres://me:h%40nter2@db/x", "h@nter2"),
        ('"hunter2"', "hunter2"),
    ],
)
def test_what_a_value_contains_is_hidden(value: str, secret: str) -> None:
    assert redacted(f"it is {secret}.", value) == "it is ***."
    assert redacted("it is true", value) == "it is true"


def test_a_document_that_is_none_is_taken_as_text() -> None:
    for value in ('{"a": ', "[" * 5000, '{"a": "\\ud800 hunter2"}'):
        assert redacted(f"<{value}>", value).replace(" ", "") == "<***>"


KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/\nabcd==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("x ghp_" + "a1" * 18 + " y", "x *** y"),
        ("ghs_1234_" + "a1.-" * 18, "***"),
        ("github_pat_" + "a1_" * 12, "***"),
        ("xoxb-123456789-abc", "***"),
        ("https://hooks.slack.com/services/T1/B2/abc", "https://hooks.slack.com/services/***"),
        ("AKIAABCDEFGHIJKLMNOP AWS_SECRET_ACCESS_KEY=abc/def+gh next", "*** AWS_SECRET_ACCESS_KEY=*** next"),
        ('"aws_session_token": "abcdefgh"', '"aws_session_token": "***"'),
        ("t eyJhbGciOiJI.eyJzdWIiOiIx.abc-_d t", "t *** t"),
        ("AIza" + "b" * 35, "***"),
        ("glpat-" + "c" * 20, "***"),
        ("npm_" + "d" * 36, "***"),
        ("> Authorization: Basic dXNlcjpw\nnext", "> Authorization: ***\nnext"),
        ('{"authorization":"Bearer x","a":1}', '{"authorization":"***","a":1}'),
        ("curl -H 'Authorization: token x' url", "curl -H 'Authorization: ***' url"),
        ("PRIVATE-TOKEN: abcdefgh1", "PRIVATE-TOKEN: ***"),
        ("Bearer abcdefghijklmnopqrst", "Bearer ***"),
        ("git clone https://me:p@ss:w@github.com/a", "git clone https://me:***@github.com/a"),
        ("https://abcdefghijklmnopqrst@github.com", "https://***@github.com"),
        (f"a\n{KEY}\nb", "a\n***\nb"),
        (json.dumps({"key": KEY}), '{"key": "***"}'),
        (KEY.partition("\n")[2] + "\nb", "***\nb"),
        ("a\n" + KEY[:50], "a\n***"),
    ],
)
def test_what_looks_like_a_credential_is_hidden(log: str, shown: str) -> None:
    assert redacted(log) == shown


@pytest.mark.parametrize(
    "log",
    [
        "ssh://git@github.com/acme/api https://github.com:443/a@b",
        "the bearer of bad news, bearer authentication",
        "glibc-headers-2.31-13 npm_config_cache gh_pages AKIA",
        "-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----",
        "error: unexpected-token: }",
    ],
)
def test_what_only_reminds_of_a_credential_is_not_hidden(log: str) -> None:
    assert redacted(log) == log


def test_more_than_can_be_looked_for_is_refused() -> None:
    with pytest.raises(TooMuch, match="bytes"):
        Redactor([b"x" * MOST_BYTES, b"y"])
    with pytest.raises(TooMuch, match="lines"):
        Redactor(["\n".join(f"line {number}" for number in range(MOST_PIECES)).encode()])


HOSTILE = [
    "a",
    "ab",
    "\\",
    "%41",
    "://a:",
    "eyJaaaaaaaa.",
    "-----BEGIN PRIVATE KEY-----",
    "\x1b]",
    "a\n",
    "\r",
    "token: ",
]


@pytest.mark.parametrize("piece", ["go: downloading example.com/x v1.2.3\n", '{\\"a\\": 1}, ', *HOSTILE])
def test_time_is_in_proportion_to_the_log_s_length(piece: str) -> None:
    secrets = [f"{number:04}{'ab' * 20}".encode() for number in range(190)]
    secrets += [piece.encode() * (4 + number * 100) for number in range(10)]
    log = piece.encode() * (256 * 1024 // len(piece))
    quickly(lambda: Redactor(secrets).redact(clean(log)), 1.5)  # a tenth of it on a machine that does nothing else
