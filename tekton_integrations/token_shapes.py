"""Credentials that are known by how they look, whether or not a Secret holds them: a job may have made them itself.

Every pattern takes linear time, as logs are written by whoever may write a task. A group named `secret` is what is
hidden, else the whole.
"""

import re
from collections.abc import Iterator

_ASSIGNED = r"\\?[\"']?[ \t]*+[:=][ \t]*+\\?[\"']?"
_WORD = r"(?P<secret>[^\s\"',;\\]{8,}+)"
_TO_LINE_END = r"(?P<secret>[^\s\"'][^\"'\n\\]*+)"

# One pattern each: `re` finds a constant beginning ten times as fast as an alternative.
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        r"gh[pousr]_[A-Za-z0-9][A-Za-z0-9_.-]{15,}+",
        r"github_pat_\w{20,}+",
        r"xox[a-z]-[A-Za-z0-9-]{8,}+",
        r"xapp-[A-Za-z0-9-]{16,}+",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[\w/-]{8,}+)",
        r"A[KS]IA[A-Z0-9]{16}",
        r"eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+){0,3}",
        r"AIza[\w-]{30,}+",
        r"ya29\.[\w.-]{20,}+",
        r"gl(?:pat|ptt|dt|rt|cbt|ft|soat|oas|imt|agent|ffct)-[\w.-]{16,}+",
        r"npm_[A-Za-z0-9]{30,}+",
        r"pypi-[\w-]{40,}+",
        r"dckr_[a-z]{3}_[\w-]{20,}+",
        r"hv[bs]\.[\w-]{20,}+",
        r"sk_live_\w{16,}+",
        r"rk_live_\w{16,}+",
        # A slash ends what stands before the host, so none is looked at twice; a password may have an @ in it.
        r"://[^\s/:@\"'<>]*+:(?P<secret>[^\s/\"'<>]+)@",
        r"://(?P<secret>[^\s/:@\"'<>]{20,}+)@",
    )
)
# In lower case.
_NAMED = tuple(
    re.compile(shape)
    for shape in (
        r"bearer[ \t]++(?P<secret>[\w.~+/=-]{20,}+)",
        rf"authorization{_ASSIGNED}{_TO_LINE_END}",
        rf"cookie{_ASSIGNED}{_TO_LINE_END}",
        rf"-token{_ASSIGNED}{_WORD}",
        rf"api-key{_ASSIGNED}{_WORD}",
        rf"aws_?secret_?access_?key{_ASSIGNED}{_WORD}",
        rf"aws_?session_?token{_ASSIGNED}{_WORD}",
    )
)
_KEY = r"[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_BODY = r"(?:[^-]|-(?!----))*+"
# One without an end goes on to the end of the text, or to the next line of dashes.
_PRIVATE_KEY = re.compile(rf"-----BEGIN {_KEY}{_BODY}(?:-----END {_KEY})?")
# The text begins within it.
_REST_OF_KEY = re.compile(rf"{_BODY}-----END {_KEY}")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where such credentials stand, in no order; they may overlap."""
    if rest := _REST_OF_KEY.match(text):
        yield rest.span()
    yield from (found.span() for found in _PRIVATE_KEY.finditer(text))
    # The one letter whose small form is two characters long.
    small = text.replace("\u0130", "I").lower()
    for shapes, where in ((_SHAPES, text), (_NAMED, small)):
        for shape in shapes:
            group = "secret" if "secret" in shape.groupindex else 0
            yield from (found.span(group) for found in shape.finditer(where))
