"""Whether a message is one that Slack takes: https://docs.slack.dev/reference/block-kit and chat.postMessage's errors.

The sum of all text is limited too, which is not documented: seen at about 13,200 characters
(https://github.com/slackapi/bolt-js/issues/2509), here from 12,000 on.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.models.blocks import Block as Model
from slack_sdk.models.blocks import RichTextBlock

from tests.fakes.slack.world import Error, Payload

MAX_BLOCKS, MAX_TEXT, MAX_ALL = 50, 40_000, 12_000
_SECTION, _HEADER, _FIELDS, _FIELD, _CONTEXT = 3000, 150, 10, 2000, 10
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_RANGES = ("here", "channel", "everyone")


def check(payload: Payload) -> None:
    """Raises Error."""
    blocks, attachments = payload.get("blocks") or [], payload.get("attachments") or []
    if not (blocks or attachments or payload.get("text")):
        raise Error("no_text")
    if len(str(payload.get("text", ""))) > MAX_TEXT:
        raise Error("msg_too_long")
    _blocks(blocks, "invalid_blocks")
    if len(attachments) > 100:
        raise Error("too_many_attachments")
    for attachment in attachments:
        _attachment(attachment)
    if size([blocks, attachments]) > MAX_ALL:
        raise Error("msg_blocks_too_long")


def size(node: Any) -> int:
    if isinstance(node, dict):
        return sum(
            len(value) if key == "text" and isinstance(value, str) else size(value) for key, value in node.items()
        )
    return sum(map(size, node)) if isinstance(node, list) else 0


def _attachment(attachment: Payload) -> None:
    """With blocks it takes nothing else but a colour, which must be a number then."""
    if "blocks" not in attachment:
        raise Error("invalid_attachments")
    if attachment.keys() - {"blocks", "color"} or not _COLOR.fullmatch(attachment.get("color", "#000000")):
        raise Error("invalid_attachments")
    _blocks(attachment["blocks"], "invalid_attachments")


def _blocks(blocks: Any, code: str) -> None:
    if not isinstance(blocks, list) or len(blocks) > MAX_BLOCKS:
        raise Error(code)
    for block in blocks:
        rule = _RULES.get(block.get("type"))
        # Slack's own models refuse keys that they don't know, and what is missing.
        if rule is None or not rule(block) or Model.parse(block) is None:
            raise Error(code)


def _text(value: Any, most: int) -> bool:
    kinds = ("mrkdwn", "plain_text")
    return isinstance(value, dict) and value.get("type") in kinds and 0 < len(value.get("text", "")) <= most


def _section(block: Payload) -> bool:
    fields = block.get("fields", [])
    body = "text" not in block or _text(block["text"], _SECTION)
    return (
        body and ("text" in block or bool(fields)) and len(fields) <= _FIELDS and all(_text(f, _FIELD) for f in fields)
    )


def _header(block: Payload) -> bool:
    return _text(block.get("text"), _HEADER) and block["text"]["type"] == "plain_text"


def _context(block: Payload) -> bool:
    elements = block.get("elements", [])
    return 0 < len(elements) <= _CONTEXT and all(_text(each, _SECTION) for each in elements)


def _rich(block: Payload) -> bool:
    """Its parts must not be empty, and nothing in them either."""
    parts = block.get("elements", [])
    return bool(parts) and all(_part(each) for each in parts) and RichTextBlock(**_known(block)) is not None


def _known(block: Payload) -> Payload:
    return {key: value for key, value in block.items() if key != "type"}


def _part(part: Payload) -> bool:
    elements = part.get("elements", [])
    match part.get("type"):
        case "rich_text_section" | "rich_text_quote":
            return bool(elements) and all(_element(each) for each in elements)
        case "rich_text_preformatted":
            return bool(elements) and all(each.get("type") in ("text", "link") and _element(each) for each in elements)
        case "rich_text_list":
            styled = part.get("style") in ("bullet", "ordered")
            return styled and bool(elements) and all(each.get("type") == "rich_text_section" for each in elements)
    return False


def _element(element: Payload) -> bool:
    match element.get("type"):
        case "text":
            return bool(element.get("text")) and _style(element)
        case "link":
            return str(element.get("url", "")).startswith(("http://", "https://")) and _style(element)
        case "user":
            return re.fullmatch(r"[UW][A-Z0-9]+", element.get("user_id", "")) is not None
        case "usergroup":
            return re.fullmatch(r"S[A-Z0-9]+", element.get("usergroup_id", "")) is not None
        case "broadcast":
            return element.get("range") in _RANGES
    return False


def _style(element: Payload) -> bool:
    style = element.get("style", {})
    return style.keys() <= {"bold", "italic", "strike", "code"} and all(value is True for value in style.values())


_RULES: Mapping[str, Callable[[Payload], bool]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "rich_text": _rich,
    "divider": lambda block: True,
}
