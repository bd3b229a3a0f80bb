"""A channel as people see it, as HTML: no script, nothing loaded from elsewhere. What others wrote is text only."""

from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path

from tests.fakes.slack.world import Channel, Message, Payload

STYLE = Path(__file__).with_name("style.css")


def page(channel: Channel) -> str:
    """A whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>#{escape(channel.name)}</title><style>\n{STYLE.read_text()}</style></head>"
        f"<body>{conversation(channel)}</body></html>\n"
    )


def conversation(channel: Channel) -> str:
    """The channel, each message with its thread."""
    shown = "".join(_with_thread(channel, each) for each in channel.messages if not each.thread_ts or each.broadcast)
    return f'<div class="channel"><div class="name"># {escape(channel.name)}</div>{shown}</div>'


def _with_thread(channel: Channel, message: Message) -> str:
    if message.thread_ts:
        return _message(message, '<p class="note">replied to a thread</p>')
    replies = [each for each in channel.replies(message.ts) if not each.broadcast]
    thread = f'<div class="thread">{"".join(_message(each) for each in replies)}</div>' if replies else ""
    return _message(message, after=thread)


def _message(message: Message, before: str = "", after: str = "") -> str:
    payload = message.payload
    body = "".join(map(_block, payload.get("blocks") or []))
    body = body or f"<p>{escape(message.text)}</p>"
    bars = "".join(map(_attachment, payload.get("attachments") or []))
    name = '<span class="author">Tekton</span><span class="app">APP</span>'
    return f'<div class="message"><div class="face">T</div><div>{name}{before}{body}{bars}{after}</div></div>'


def _attachment(attachment: Payload) -> str:
    """Colours are classes: the page has no style of its own on elements."""
    color = str(attachment.get("color", "")).lstrip("#")
    blocks = "".join(map(_block, attachment.get("blocks") or []))
    return f'<div class="bar bar-{escape(color)}">{blocks}</div>'


def _block(block: Payload) -> str:
    if block["type"] == "rich_text":
        return f'<div class="rich">{"".join(map(_part, block["elements"]))}</div>'
    texts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
    return "".join(f"<p>{escape(each['text'])}</p>" for each in texts if each)


def _part(part: Payload) -> str:
    inner = "".join(map(_element, part["elements"])) if part["type"] != "rich_text_list" else ""
    match part["type"]:
        case "rich_text_list":
            return f"<ul>{''.join(f'<li>{_line(each)}</li>' for each in part['elements'])}</ul>"
        case "rich_text_preformatted":
            return f"<pre>{inner}</pre>"
    return f"<p>{inner}</p>"


def _line(part: Payload) -> str:
    return "".join(map(_element, part["elements"]))


def _element(element: Payload) -> str:
    return _ELEMENTS[element["type"]](element)


def _styled(element: Payload) -> str:
    html = escape(str(element["text"]))
    for style, tag in (("code", "code"), ("bold", "b")):
        html = f"<{tag}>{html}</{tag}>" if element.get("style", {}).get(style) else html
    return html


def _link(element: Payload) -> str:
    return f'<a href="{escape(element["url"])}">{_styled(element)}</a>'


def _at(who: str) -> str:
    return f'<span class="at">@{escape(who)}</span>'


_ELEMENTS: Mapping[str, Callable[[Payload], str]] = {
    "text": _styled,
    "link": _link,
    "user": lambda element: _at(element["user_id"]),
    "usergroup": lambda element: _at(element["usergroup_id"]),
    "broadcast": lambda element: _at(element["range"]),
}
