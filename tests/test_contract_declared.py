"""check_contract finds what an author can declare wrongly, and says it with the cure. Each integration here is right
but for one thing.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
import yaml

from tekton_integrations import Integration, Run, SecretSource
from tekton_integrations.testing import check_contract
from tekton_integrations.testing.contract import problems
from tests.keeping import Toy, Where, kind

CRD = Path(__file__).parents[1] / "manifests" / "crds" / "providers.yaml"


async def test_one_that_is_right_has_no_problem() -> None:
    await check_contract(Toy)


class Bare(msgspec.Struct, frozen=True, omit_defaults=True):
    where: str


class Thawed(msgspec.Struct, omit_defaults=True):
    where: Where


class Full(msgspec.Struct, frozen=True):
    where: Where


class Snake(msgspec.Struct, frozen=True, omit_defaults=True):
    where: Where
    max_lines: Annotated[int, msgspec.Meta(description="a number")] = 1


class Odd(msgspec.Struct, frozen=True, omit_defaults=True):
    where: Where
    lines: Annotated[int, msgspec.Meta(description="a number", examples=["many"])] = 1


class SnakeSettings(msgspec.Struct, frozen=True):
    private_key: SecretSource


async def plain(self: Any, run: Run, options: Any) -> Any: ...


# What is declared otherwise → what is said of it.
DECLARED: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": ""}, "can't be an annotation prefix"),
    "a single version": ({"versions": "v1"}, "versions is 'v1'; make it a tuple of str"),
    "a single type of Provider": ({"provider_types": kind()[0]}, "make it a tuple of ProviderType"),
    "a delivery that is none": ({"delivery": "latest"}, "choose one of Delivery.LATEST, Delivery.MILESTONES"),
    "a pure method that awaits": ({"target": plain}, "target is a coroutine function; it is to be pure"),
    "a method with too few parameters": ({"facts": lambda self, run: ()}, "facts can't be called with"),
    "options that may change": ({"Options": Thawed}, "declare it with frozen=True"),
    "options whose defaults are digested": ({"Options": Full}, "declare it with omit_defaults=True"),
    "an option that is no key": ({"Options": Snake}, "the option max_lines is no key of an annotation of ours"),
    "an option without a description": ({"Options": Bare}, "the option where has no description"),
    "a required option without an example": ({"Options": Bare}, "the option where is required and has no example"),
    "an example that is not taken": ({"Options": Odd}, "the option lines does not take its own example 'many'"),
    "two types of a name": ({"provider_types": kind() * 2}, "have the same name or block"),
    "a type that no Provider can have": ({"provider_types": kind(name="toy-2")}, "its name must be letters"),
    "a block with a dash": ({"provider_types": kind(block="my-toy")}, "its block 'my-toy' must be letters and digits"),
    "an endpoint that is not encrypted": (
        {"provider_types": kind(endpoint="http://toy.example")},
        "its endpoint 'http://toy.example' must be an https URL",
    ),
    "settings that are none": ({"provider_types": kind(settings=dict)}, "its settings are no msgspec.Struct"),
    "a setting with an underscore": ({"provider_types": kind(settings=SnakeSettings)}, "use rename='camel'"),
    "a certificate that is not there": ({"provider_types": kind(certificate=("a", "b"))}, "certificate names 'a'"),
    "something inferred that is no option": ({"inferable": {"what": "a label"}}, "inferable names 'what'"),
    "something inferable that nothing infers": ({"inferable": {"where": "a label"}}, "give both or none"),
    "arguments": ({"__init__": lambda self, needed: None}, "it is called without arguments"),
}


def like(**changes: Any) -> type[Integration]:
    return type("Changed", (Toy,), changes)


@pytest.mark.parametrize("what", DECLARED)
async def test_what_is_declared_wrongly_is_told(what: str) -> None:
    changes, said = DECLARED[what]
    assert said in "\n".join(await problems(like(**changes)))


@pytest.mark.parametrize(
    "block",
    yaml.safe_load(CRD.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"][
        "properties"
    ],
)
async def test_a_block_is_no_field_that_all_providers_have(block: str) -> None:
    found = await problems(like(provider_types=kind(block=block)))
    assert any("says something else in every Provider's spec" in each for each in found)
