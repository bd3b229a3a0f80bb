"""Text that tries to be more than text."""

import re

from hypothesis import strategies as st

HOSTILE = [
    "@acme/everyone",
    "https://evil.example",
    "![x](https://evil.example/p.png)",
    "[x](https://evil.example)",
    "`tick` ``ticks`` ```fence",
    "**bold** _em_ ~~del~~",
    "<img src=evil> <script>alert(1)</script> <!-- hidden --> </details>",
    "a | b | c",
    "# heading",
    "Closes #1, acme/api#2",
    "/approve",
    "@dependabot merge",
    "line\n/lgtm\r\n> /retest\u2028/hold",
    "&lt;b&gt; &#64;acme",
    "\x1b[31mred \u202egnp",
]


def hostile() -> st.SearchStrategy[str]:
    """Pieces of HOSTILE, and whatever else, in any order."""
    pieces = st.one_of(
        st.sampled_from(HOSTILE), st.text(max_size=8), st.sampled_from([" ", "\n", "`", "|", "\\", "*", "_"])
    )
    return st.lists(pieces, max_size=6).map("".join)


def outside(html: str) -> str:
    """What is on a page outside of code."""
    return re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
