"""What an author can get wrong in what an integration declares, each in a sentence that names the cure. Pure."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from tekton_integrations import registry
from tekton_integrations.integration import Delivery, Integration, ProviderType, SecretSource

_OPTION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FIELD = re.compile(r"[a-z][A-Za-z0-9]*")
# As the Providers' definition has them: manifests/crds/providers.yaml.
_TYPE = re.compile(r"[A-Z][A-Za-z]{0,62}")
_ENDPOINT = re.compile(r"https://[^\s/@?#]+(/[^\s?#]*)?")
_OF_ALL_PROVIDERS = frozenset({"type", "endpoint", "caBundle", "proxy", "detailsUrl", "grants"})
_PURE = ("target", "facts", "progress", "infer", "is_asked", "rehearsal")
_AWAITED = ("reconcile", "settle", "check")


def problems(candidate: type[Integration]) -> Iterator[str]:
    """What keeps it from being loaded; else what is wrong with it all the same."""
    refused = [*registry.problems(candidate, getattr(candidate, "name", "")), *_shapes(candidate)]
    yield from refused
    if not refused:
        yield from _methods(candidate)
        yield from _options(candidate)
        yield from _provider_types(candidate)
        yield from _inferable(candidate)


def _shapes(candidate: type[Integration]) -> Iterator[str]:
    """What looks right and is not: a string is a sequence of strings."""
    for name, each in (("versions", str), ("provider_types", ProviderType)):
        value = getattr(candidate, name, ())
        if not (isinstance(value, tuple) and all(isinstance(one, each) for one in value)):
            yield f"{name} is {value!r}; make it a tuple of {each.__name__}, with a comma also behind a single one"
    delivery = getattr(candidate, "delivery", None)
    if not isinstance(delivery, Delivery):
        yield f"delivery is {delivery!r}; choose one of {', '.join(f'Delivery.{each.name}' for each in Delivery)}"


def _methods(candidate: type[Integration]) -> Iterator[str]:
    for name in _PURE:
        if inspect.iscoroutinefunction(getattr(candidate, name)):
            yield f"{name} is a coroutine function; it is to be pure, so make it a plain `def`"
    for name in (*_PURE, *_AWAITED):
        wanted = list(inspect.signature(getattr(Integration, name)).parameters)
        try:
            inspect.signature(getattr(candidate, name)).bind(*wanted)
        except TypeError:
            yield f"{name} can't be called with ({', '.join(wanted)}); give it these parameters"


def _options(candidate: type[Integration]) -> Iterator[str]:
    config = candidate.Options.__struct_config__
    if not config.frozen:
        yield "Options may be changed after they were read; declare it with frozen=True"
    if not config.omit_defaults:
        yield "a new field of Options would have all old runs reported anew; declare it with omit_defaults=True"
    for field in msgspec.structs.fields(candidate.Options):
        yield from _option(f"the option {field.encode_name}", field)


def _option(which: str, field: msgspec.structs.FieldInfo) -> Iterator[str]:
    if not _OPTION.fullmatch(field.encode_name):
        yield f"{which} is no key of an annotation of ours; declare Options with rename='kebab'"
    metas = [meta for meta in getattr(field.type, "__metadata__", ()) if isinstance(meta, msgspec.Meta)]
    if not any(meta.description for meta in metas):
        yield f"{which} has no description; put one into its msgspec.Meta: messages and the README are made of it"
    examples = [str(example) for meta in metas for example in meta.examples or ()]
    if field.required and not examples:
        yield f"{which} is required and has no example; put `examples` into its msgspec.Meta"
    for example in examples:
        try:
            msgspec.convert(example, field.type, strict=False)
        except msgspec.ValidationError as error:
            yield f"{which} does not take its own example {example!r} ({error}); an annotation is a string"


def _provider_types(candidate: type[Integration]) -> Iterator[str]:
    kinds = candidate.provider_types
    if len({kind.name for kind in kinds}) < len(kinds) or len({kind.block for kind in kinds}) < len(kinds):
        yield "two of provider_types have the same name or block; give each its own"
    for kind in kinds:
        yield from (f"the type of Provider {kind.name!r}: {problem}" for problem in _provider_type(kind))


def _provider_type(kind: ProviderType) -> Iterator[str]:
    if not _TYPE.fullmatch(kind.name):
        yield "its name must be letters, the first in upper case; no Provider could have it"
    if not _FIELD.fullmatch(kind.block):
        yield f"its block {kind.block!r} must be letters and digits, the first in lower case"
    if kind.block in _OF_ALL_PROVIDERS:
        yield f"its block {kind.block!r} says something else in every Provider's spec; choose another"
    if kind.endpoint and not _ENDPOINT.fullmatch(kind.endpoint):
        yield f"its endpoint {kind.endpoint!r} must be an https URL, or empty"
    if not (inspect.isclass(kind.settings) and issubclass(kind.settings, msgspec.Struct)):
        yield "its settings are no msgspec.Struct; declare one, with a field for each Secret or setting"
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind.settings)}
    for field in fields.values():
        if not _FIELD.fullmatch(field.encode_name):
            yield f"its setting {field.encode_name} is not written as Kubernetes' are; use rename='camel'"
    for name in kind.certificate or ():
        if name not in fields or not _secret(fields[name].type):
            yield f"certificate names {name!r}, which is no field of its settings with a SecretSource"


def _secret(declared: Any) -> bool:
    return declared is SecretSource or SecretSource in getattr(declared, "__args__", ())


def _inferable(candidate: type[Integration]) -> Iterator[str]:
    known = {field.encode_name for field in msgspec.structs.fields(candidate.Options)}
    for key in sorted(candidate.inferable.keys() - known):
        yield f"inferable names {key!r}, which is no option; remove it"
    overridden = candidate.infer is not Integration.infer
    if overridden != bool(candidate.inferable):
        lacks = "inferable says where nothing is looked for" if overridden else "infer is not there to do it"
        yield f"inferable and infer belong together, and {lacks}; give both or none"
