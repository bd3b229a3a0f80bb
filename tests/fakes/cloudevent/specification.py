"""What CloudEvents 1.0.2 and its HTTP binding ask of a message, beyond what the SDK looks at.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and …/bindings/http-protocol-binding.md.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from cloudevents.core.base import BaseCloudEvent

LARGEST = 64 * 1024
STRUCTURED = "application/cloudevents+json"
_ENCODED = re.compile(r"([!#$&-~]|%[0-9A-Fa-f]{2})+")
_NAME = re.compile(r"ce-[a-z0-9]{1,20}")
# RFC 3986, appendix A, as far as it is about which characters may stand where.
_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+")


def violations(headers: Sequence[tuple[str, str]], body: bytes) -> list[str]:
    """Of the message; what is wrong with the CloudEvent in it is found by `faulty`."""
    return list(_violations([(name.lower(), value) for name, value in headers], body))


def _violations(headers: Sequence[tuple[str, str]], body: bytes) -> Iterator[str]:
    size = len(body) + sum(len(name) + len(value) + 4 for name, value in headers)
    if size > LARGEST:
        yield f"{size} bytes are more than the {LARGEST} that everybody has to pass on"
    attributes = [(name, value) for name, value in headers if name.startswith("ce-")]
    names = [name for name, _ in attributes]
    if len(set(names)) < len(names):
        yield "an attribute comes twice"
    if "ce-datacontenttype" in names:
        yield "datacontenttype is Content-Type, and no header of its own"
    for name, value in attributes:
        if not _NAME.fullmatch(name):
            yield f"{name} is no name of an attribute"
        if not _ENCODED.fullmatch(value):
            yield f"{name} is not percent-encoded: {value!r}"
    if structured(dict(headers)) and names:
        yield "a structured message has no attributes in headers"


def structured(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == STRUCTURED


def faulty(cloud_event: BaseCloudEvent) -> Iterator[str]:
    """What is wrong with the attributes that it has."""
    if not _REFERENCE.fullmatch(cloud_event.get_source()):
        yield f"source is no URI reference: {cloud_event.get_source()!r}"
    time = cloud_event.get_time()
    if time is not None and (not isinstance(time, datetime) or time.tzinfo is None):
        yield f"time is not RFC 3339's: {time!r}"
    if not isinstance(cloud_event.get_data(), dict):
        yield "the data is no JSON object"
