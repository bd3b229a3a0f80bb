"""From a name, a namespace or a commit to the Facts about runs."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec

from tekton_integrations import registry
from tekton_integrations.inquiry.oddities import oddities, of_pods
from tekton_integrations.inquiry.reading import Reader
from tekton_integrations.inquiry.search import Search
from tekton_integrations.inquiry.view import View, records
from tekton_integrations.kube.children import answers, keys
from tekton_integrations.kube.client import KubeClient, collection
from tekton_integrations.kube.metadata_json import PARENT_LABEL, decode_labelled
from tekton_integrations.kube.own_words import ALL, integration_of, on_its_own
from tekton_integrations.kube.runs_json import decode_run
from tekton_integrations.requests import work
from tekton_integrations.run import KINDS
from tekton_integrations.story import Facts

# So many runs of a search are told of.
FOUND = 50


class Inquiry:
    """`shared`: the controller's namespace. `now`: seconds since the epoch. `discreet`: who reads the answer may see
    less than the client does, so of the administrator's objects nothing is told but what reports tell anyway. What the
    API server refuses is said in the Facts, and not raised. Raises ApiError where it can't be reached, or takes no
    token of ours."""

    def __init__(
        self, client: KubeClient, shared: str, now: Callable[[], float] = time.time, *, discreet: bool = False
    ) -> None:
        self._client = client
        self._shared = shared
        self._discreet = discreet
        self._now = now

    async def run(self, namespace: str, name: str, kind: str = "") -> Facts:
        """About one run, whether or not there is one of that name. Without a kind each is tried."""
        found: list[Facts] = []
        for each in [kind] if kind else KINDS:
            facts = await self._one(await self._view(namespace), each, name)
            if facts.run or facts.records:
                return facts
            found.append(facts)
        return found[0]

    async def runs(self, namespace: str) -> list[Facts]:
        """Of a namespace: all but those that another run answers for, the newest first; and what is left of others."""
        view = await self._view(namespace)
        every = await view.records()
        found: list[Facts] = []
        for kind, api in KINDS.items():
            params, what = {"labelSelector": f"!{PARENT_LABEL}"}, f"{kind}s of namespace {namespace}"
            raws = await view.reader.every(what, collection(*api, namespace), params)
            found += [view.facts(raw, every) for raw in raws or ()]
        found.sort(key=lambda each: -each.run.created if each.run else 0.0)
        there = {(each.kind, each.name) for each in found}
        left = (
            {(each.run.kind, each.run.name): None for each in every or () if not each.open}
            if not view.reader.unread
            else {}
        )
        gone = [view.gone(kind, name, every) for kind, name in left if (kind, name) not in there]
        return [*(each for each in found if each.run and not each.run.parent), *gone]

    async def search(self, namespace: str, wanted: Search) -> list[Facts]:
        """The runs that are shown there, or ask to be; in all namespaces where none is given."""
        reader = Reader(self._client)
        shown = await records(reader, namespace) or ()
        names = {(each.namespace, each.run.kind, each.run.name): None for each in shown if wanted.finds(each)}
        for kind, api in KINDS.items():
            for raw in await reader.every(f"{kind}s", collection(*api, namespace)) or ():
                run = decode_run(raw)
                if not run.parent and wanted.asks(run):
                    names[run.namespace, kind, run.name] = None
        return [await self.run(place, name, kind) for place, kind, name in list(names)[:FOUND]]

    async def _view(self, namespace: str) -> View:
        view = await View.of(self._client, namespace, self._shared, self._now)
        if self._discreet and namespace != self._shared:
            view.be_discreet()
        return view

    async def _one(self, view: View, kind: str, name: str) -> Facts:
        raw = await view.reader.one(f"{kind} {name}", f"{collection(*KINDS[kind], view.namespace)}/{name}")
        every = await view.records({"labelSelector": f"tekton.dev/{kind[0].lower()}{kind[1:]}={name}"})
        if raw is None:
            return view.gone(kind, name, every)
        facts = await self._related(view, raw, view.facts(raw, every))
        if facts.parent or facts.records or facts.run is None or work(facts.run):
            return facts
        return await self._searched(view, raw, facts)

    async def _related(self, view: View, raw: bytes, facts: Facts) -> Facts:
        """What of a run that says to be another's child counts beside that; as kube/children.py has it."""
        child, run = decode_labelled(raw), facts.run
        if not child.parent or run is None:
            return facts
        path = f"{collection(*KINDS[child.parent_kind], view.namespace)}/{child.parent_name}"
        above = await view.reader.one(f"{child.parent_kind} {child.parent_name}", path)
        parent = decode_run(above) if above else None
        if parent is None or not answers(parent, child):
            return replace(facts, run=on_its_own(run, {ALL}))
        own = {integration_of(key) for key in child.annotations.keys() - keys(parent)}
        if own:
            return replace(facts, run=on_its_own(run, own))
        return replace(facts, parent=await self.run(view.namespace, child.parent_name, child.parent_kind))

    async def _searched(self, view: View, raw: bytes, facts: Facts) -> Facts:
        """Of a run for which nothing asks: what may have been meant to."""
        assert facts.run is not None
        known: dict[str, Any] = {}
        with suppress(RecursionError):  # the API server takes what is 10,000 deep
            known = msgspec.json.decode(raw)
        names = {*registry.PACKAGES, *registry.installed(), *(each.name for each in facts.installed or ())}
        odd = oddities(known, names)
        pods: list[Any] = []
        if not odd and facts.kind != "CustomRun":
            label = f"tekton.dev/{facts.kind[0].lower()}{facts.kind[1:]}={facts.name}"
            path = collection("v1", "pods", facts.namespace)
            # Who may not read pods is not told so: they hardly ever matter.
            found = await view.reader.apart().every("pods", path, {"labelSelector": label})
            pods = [msgspec.json.decode(each) for each in found or ()]
        odd += of_pods(pods, facts.run.annotations)
        every = await view.records() if facts.run.children else None
        below = {(each.run.kind, each.run.name): None for each in every or () if each.run.name in facts.run.children}
        return replace(facts, odd=odd, below=list(below))
