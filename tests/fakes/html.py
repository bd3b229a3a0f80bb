"""Whether a page is sound: its tags match, and nothing in it can run."""

from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "input", "circle", "path", "rect"}


class Balance(HTMLParser):
    """Fails where tags don't match, or where anything could run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "iframe", "img", "object", "form")
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]
        assert not [value for name, value in attrs if name == "href" and (value or "").startswith("javascript")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def assert_safe(html: str) -> None:
    parser = Balance()
    parser.feed(html)
    assert parser.open == []
