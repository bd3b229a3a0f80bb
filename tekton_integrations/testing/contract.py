"""Whether an integration keeps to the contract: what an author can get wrong, each in a sentence with its cure."""

from typing import Any

import aiohttp
import msgspec

from tekton_integrations.errors import IntegrationError
from tekton_integrations.integration import Integration
from tekton_integrations.options import parse
from tekton_integrations.requests import Asked
from tekton_integrations.testing import declared, playing, pure
from tekton_integrations.testing.casting import Cast


async def check_contract(integration: type[Integration]) -> None:
    """Takes some seconds, and sends nothing. Raises AssertionError with a line for each thing that is wrong."""
    if found := await problems(integration):
        name = getattr(integration, "__name__", integration)
        raise AssertionError("\n".join([f"{name} does not keep to the contract:", *(f"- {each}" for each in found)]))


async def problems(integration: type[Integration]) -> list[str]:
    """Empty for none. What is declared wrongly keeps the rest from being tried."""
    found = [*declared.problems(integration)]
    if found:
        return found
    try:
        made = integration()
    except Exception as error:
        return [f"{pure.bug('__init__', error)}; it is called without arguments"]
    asked = _examples(integration)
    try:
        options = parse(made, Asked(asked, ()))
    except IntegrationError as error:
        return [f"the examples of the required options do not go together: {error}"]
    if found := [*pure.problems(made, options)]:
        return found
    async with aiohttp.ClientSession() as session:
        casts = [Cast(made=integration, kind=kind, asked=asked, session=session) for kind in made.provider_types]
        return [problem for cast in casts async for problem in playing.problems(cast)]


def _examples(integration: type[Integration]) -> dict[str, str]:
    """Of the options that are required: what a run says that says no more than it must."""
    fields = [field for field in msgspec.structs.fields(integration.Options) if field.required]
    return {field.encode_name: str(_meta(field).examples[0]) for field in fields}


def _meta(field: msgspec.structs.FieldInfo) -> Any:
    """The one with examples, which each has that was found in order."""
    return next(meta for meta in field.type.__metadata__ if getattr(meta, "examples", None))
