"""Mentions and references, as GitHub finds them: in the text of the finished HTML, not in the Markdown's source.

So neither a backslash nor `&#64;` keeps `@name` from being a mention; code, a link, or anything in between does.
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

import re

TAG = re.compile(r"(<!-- -->|</?[a-z][^>]*>)")
BOUNDARY = "<!-- -->"  # stands for a comment: it parts a text
QUIET = {"code", "pre", "a"}
# Lengths are bounded, so that no text takes long.
MENTION = re.compile(r"(?<![\w/])@[A-Za-z0-9][A-Za-z0-9-]{0,38}(?:/[\w.-]{1,100})?")
REFERENCE = re.compile(r"(?<![\w&#/-])(?:[A-Za-z0-9-]{1,39}(?:/[\w.-]{1,100})?)?#\d+\b|(?<!\w)[Gg][Hh]-\d+\b")


def with_mentions(html: str) -> str:
    """Marks them: `<span class="mention">`, `<span class="reference">`."""
    quiet, pieces = 0, []
    for piece in TAG.split(html):
        if TAG.fullmatch(piece):
            name = piece.strip("</>").split(" ", 1)[0]
            quiet += (name in QUIET) * (-1 if piece.startswith("</") else 1)
            pieces.append("" if piece == BOUNDARY else piece)
        else:
            pieces.append(piece if quiet else _marked(piece))
    return "".join(pieces)


def _marked(text: str) -> str:
    text = MENTION.sub(r'<span class="mention">\g<0></span>', text)
    return REFERENCE.sub(r'<span class="reference">\g<0></span>', text)
