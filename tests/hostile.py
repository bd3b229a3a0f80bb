"""Text that tries to be more than text, mixed by chance."""

import re

from hypothesis import strategies as st

from tekton_integrations.testing.corpus import CORPUS

# What is short enough to stand in the midst of more.
HOSTILE = [text for text in CORPUS.values() if len(text) < 200]


def hostile() -> st.SearchStrategy[str]:
    """Pieces of HOSTILE, and whatever else, in any order."""
    pieces = st.one_of(
        st.sampled_from(HOSTILE), st.text(max_size=8), st.sampled_from([" ", "\n", "`", "|", "\\", "*", "_"])
    )
    return st.lists(pieces, max_size=6).map("".join)


def outside(html: str) -> str:
    """What is on a page outside of code."""
    return re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
