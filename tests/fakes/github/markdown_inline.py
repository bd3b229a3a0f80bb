"""Markdown within a line, to HTML. Nothing of the source reaches the page unescaped.

What becomes HTML is put aside behind a mark, so that later rules can't change it; the rest is escaped at the end.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import urlsplit

from tests.fakes.github.markdown_mentions import BOUNDARY, with_mentions

MARK = "\x00"
SAFE_SCHEMES = {"http", "https", "mailto"}
PUNCTUATION = re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")

CODE = re.compile(r"(?<!`)(`+)(?!`)(.{1,2000}?)(?<!`)\1(?!`)", re.S)
ESCAPED = re.compile(rf"\\([{PUNCTUATION}])")
COMMENT = re.compile(r"<!--.{0,1000}?-->", re.S)
BREAK = re.compile(r"<br ?/?>|(?:  |\\)\n")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});")
IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^\s<>()]*(?:\([^\s<>()]*\)[^\s<>()]*)*)>?(?:\s+\"[^\"]*\")?\s*\)")
BARE = re.compile(r"<?((?:https?://|(?<![\w./-])www\.)[^\s<>\x00]*[^\s<>\x00.,;:!?'\")\]])>?")
# Lengths are bounded: without a bound, a text of nothing but asterisks takes minutes.
TEXT, MORE = r"(?=\S)(?P<text>.{1,400}?)(?<=\S)", r"(?=\S)(?P<more>.{1,400}?)(?<=\S)"
STYLES = (
    (re.compile(rf"\*\*{TEXT}\*\*|(?<!\w)__{MORE}__(?!\w)", re.S), "strong"),
    (re.compile(rf"\*{TEXT}\*|(?<!\w)_{MORE}_(?!\w)", re.S), "em"),
    (re.compile(rf"~~{TEXT}(?P<more>)~~", re.S), "del"),
)


def inline(source: str) -> str:
    return _Line().html(source.replace(MARK, ""))


def safe_url(url: str) -> bool:
    try:
        return urlsplit(url.strip()).scheme.lower() in SAFE_SCHEMES
    except ValueError:
        return False


def link(url: str, label: str) -> str:
    """The label is HTML already. An address that could run code becomes its text."""
    if not safe_url(url):
        return label
    return f'<a href="{escape(url)}" rel="nofollow noopener noreferrer">{label}</a>'


def _with_scheme(url: str) -> str:
    return url if "://" in url else f"http://{url}"


class _Line:
    def __init__(self) -> None:
        self._aside: list[str] = []

    def html(self, text: str) -> str:
        text = self._replace(CODE, text, lambda found: f"<code>{escape(found[2].strip())}</code>")
        text = self._replace(ESCAPED, text, lambda found: escape(found[1]))
        text = self._replace(COMMENT, text, lambda _: BOUNDARY)
        text = self._replace(BREAK, text, lambda _: "<br>")
        text = self._replace(ENTITY, text, lambda found: escape(unescape(found[0])))
        text = self._replace(IMAGE_OR_LINK, text, lambda found: link(found[2], self._styled(found[1] or found[2])))
        text = self._replace(BARE, text, lambda found: link(_with_scheme(found[1]), escape(found[1])))
        return with_mentions(self._restored(self._styled(text)))

    def _replace(self, pattern: re.Pattern[str], text: str, html: Callable[[re.Match[str]], str]) -> str:
        def aside(found: re.Match[str]) -> str:
            self._aside.append(html(found))
            return f"{MARK}{len(self._aside) - 1}{MARK}"

        return pattern.sub(aside, text)

    def _styled(self, text: str) -> str:
        html = escape(text)
        for pattern, tag in STYLES:
            html = pattern.sub(rf"<{tag}>\g<text>\g<more></{tag}>", html)
        return html

    def _restored(self, html: str) -> str:
        while MARK in html:
            html = re.sub(f"{MARK}(\\d+){MARK}", lambda found: self._aside[int(found[1])], html)
        return html
