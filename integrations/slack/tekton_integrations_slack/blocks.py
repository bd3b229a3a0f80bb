"""Pieces of Slack's layout, in which what others wrote is only text. Pure.

Text in `rich_text` is shown as it is: it is not searched for mentions, links or marks. Only what goes into `text`,
which is shown in notifications, has to be escaped. https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from collections.abc import Sequence
from typing import Any

from tekton_integrations.text import cut

Block = dict[str, Any]
# Of the `text` of a message, which says in a notification what the blocks say: 4,000 are recommended.
# https://docs.slack.dev/reference/methods/chat.postMessage
MAX_FALLBACK = 1000
# Characters of all text in a message. Slack refuses it somewhere from 12,000 on (msg_blocks_too_long), and does not say
# where: https://github.com/slackapi/bolt-js/issues/2509.
MAX_MESSAGE = 10_000
# Of a link's address in a block.
_MAX_URL = 3000
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str, limit: int = MAX_FALLBACK) -> str:
    """For `text`: nothing in it is a mention or a link. At most `limit` characters, and no escape is cut.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    short = cut(text, limit)
    while len(shown := _escape(short)) > limit:
        short = cut(text, len(short) - max(1, (len(shown) - limit) // 5))
    return shown


def _escape(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def text(content: str, *, bold: bool = False, code: bool = False) -> Block:
    style = {name: True for name, wanted in (("bold", bold), ("code", code)) if wanted}
    return {"type": "text", "text": content, **({"style": style} if style else {})}


def link(content: str, url: str, *, bold: bool = False) -> Block:
    """Plain text where the address can't be one."""
    if not url.startswith(("https://", "http://")) or len(url) > _MAX_URL:
        return text(content, bold=bold)
    return {"type": "link", "url": url, "text": content, **({"style": {"bold": True}} if bold else {})}


def mention(who: str) -> Block:
    """`here`, `channel`, a user's id or a user group's."""
    if who in ("here", "channel"):
        return {"type": "broadcast", "range": who}
    if who.startswith("S"):
        return {"type": "usergroup", "usergroup_id": who}
    return {"type": "user", "user_id": who}


def mentioned(who: str) -> str:
    """The same in `text`. https://docs.slack.dev/messaging/formatting-message-text#advanced-formatting"""
    if who in ("here", "channel"):
        return f"<!{who}>"
    return f"<!subteam^{who}>" if who.startswith("S") else f"<@{who}>"


def paragraph(*elements: Block) -> Block:
    return {"type": "rich_text_section", "elements": [each for each in elements if each.get("text", "x")]}


def bullets(items: Sequence[Block]) -> Block:
    """Of paragraphs."""
    return {"type": "rich_text_list", "style": "bullet", "elements": list(items)}


def preformatted(content: str) -> Block:
    return {"type": "rich_text_preformatted", "elements": [text(content)]}


def rich(*parts: Block) -> Block:
    return {"type": "rich_text", "elements": list(parts)}


def size(payload: Any) -> int:
    """Characters of all text in it, which is what the undocumented limit seems to count."""
    if isinstance(payload, dict):
        return sum(
            len(each) if key == "text" and isinstance(each, str) else size(each) for key, each in payload.items()
        )
    return sum(map(size, payload)) if isinstance(payload, list) else 0
