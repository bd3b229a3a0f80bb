"""Integrations are loaded by name from what is installed. The distributions here are real, and thrown away."""

import sys
import textwrap
from importlib.metadata import entry_points, version
from itertools import count
from pathlib import Path

import pytest

from tekton_integrations.integration import Integration
from tekton_integrations.registry import RegistryError, installed, load

_numbers = count(1)
GOOD = """
    import msgspec
    from tekton_integrations import Integration, ProviderType, Result, Target

    class Options(msgspec.Struct):
        where: str = ""

    class Settings(msgspec.Struct):
        pass

    class Toy(Integration):
        name = "toy"
        Options = Options
        provider_types = (ProviderType(name="Toy", block="toy", settings=Settings, endpoint="https://toy.example"),)

        def target(self, run, options):
            return Target(resource="toy", name="toy")

        async def reconcile(self, run, options, record, context):
            return Result()

        async def settle(self, record, context):
            pass
"""


class Site:
    """A directory on sys.path that distributions are put into."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self._path, self._patch = path, patch

    def install(
        self, source: str = GOOD, *, name: str = "toy", what: str = "Toy", by: str = "toy-dist", needs: str = ""
    ) -> str:
        """The name of the module that the distribution brings."""
        module = f"thrown_away_{next(_numbers)}"
        (self._path / f"{module}.py").write_text(textwrap.dedent(source))
        info = self._path / f"{by.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        needed = f"Requires-Dist: {needs}\n" if needs else ""
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {by}\nVersion: 1.0\n{needed}")
        (info / "entry_points.txt").write_text(f"[tekton_integrations]\n{name} = {module}:{what}\n")
        self._patch.syspath_prepend(str(self._path))  # also makes importlib look again
        return module


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    return Site(tmp_path, monkeypatch)


def refusal(name: str = "toy") -> str:
    with pytest.raises(RegistryError) as caught:
        load([name])
    return str(caught.value)


def test_an_installed_integration_is_loaded_by_its_name(site: Site) -> None:
    site.install()
    [toy] = load(["toy"])
    assert isinstance(toy, Integration)
    assert (toy.name, type(toy).__name__) == ("toy", "Toy")


def test_nothing_is_imported_but_what_was_asked_for(site: Site) -> None:
    other = site.install("raise SystemExit", name="other", by="other-dist")
    site.install()
    load(["toy"])
    assert other not in sys.modules
    assert {"other", "toy"} <= set(installed())


def test_a_name_that_was_given_twice_is_loaded_once(site: Site) -> None:
    site.install()
    assert len(load(["toy", "toy"])) == 1


def test_nothing_asked_for_is_nothing_loaded() -> None:
    assert load([]) == []


def test_what_is_not_installed_is_told_with_what_is(site: Site) -> None:
    site.install()
    message = refusal("pagers")
    assert message.startswith("no integration 'pagers' is installed (installed: ")
    assert "toy" in message
    assert message.endswith("install its package, or take 'pagers' out of --integrations")


def test_two_distributions_of_one_name_are_told_apart(site: Site) -> None:
    site.install(by="one-dist")
    site.install(by="two-dist")
    message = refusal()
    assert message.startswith("integration 'toy' is brought by ")
    assert "one-dist" in message
    assert message.endswith("two-dist; uninstall all but one") or message.endswith("one-dist; uninstall all but one")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import no_such_module", "ModuleNotFoundError"),
        ("raise RuntimeError('no')", "RuntimeError('no')"),
        ("def", "SyntaxError"),
        ("Other = 1", "AttributeError"),
    ],
)
def test_what_cannot_be_imported_is_told_with_distribution_entry_point_and_cure(
    site: Site, source: str, error: str
) -> None:
    module = site.install(source)
    message = refusal()
    assert message.startswith(f"toy-dist, entry point toy = {module}:Toy, can't be imported: {error}")
    assert message.endswith("; reinstall it")


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (
            "class Toy(Integration)",
            "class Toy",
            "is not a subclass of tekton_integrations.Integration; point the entry point at the class",
        ),
        ("async def settle", "async def settles", "lacks settle; implement it"),
        ("def target", "def aim", "lacks target; implement it"),
        ('name = "toy"', 'name = "other"', "name is 'other'; make it equal to the entry point's, 'toy'"),
        ('name = "toy"', "pass", "name is None; make it equal to the entry point's, 'toy'"),
        (
            "class Options(msgspec.Struct)",
            "class Options",
            "Options is not a msgspec.Struct; declare one, with a field for each annotation",
        ),
        (
            'where: str = ""',
            'where: str = msgspec.field(default="", name="provider")',
            "Options declares provider, which the core reads itself; rename it",
        ),
        ("provider_types", "providers", "provider_types is empty; declare which Providers it can use"),
        ("async def reconcile", "def reconcile", "reconcile is not a coroutine function; make it `async def`"),
        ("async def settle", "def settle", "settle is not a coroutine function; make it `async def`"),
    ],
)
def test_each_problem_is_told_with_its_cure(site: Site, before: str, after: str, problem: str) -> None:
    module = site.install(GOOD.replace(before, after))
    assert refusal() == f"toy-dist, entry point toy = {module}:Toy,: {problem}"


@pytest.mark.parametrize("wanted", ["<0.3,>=0.2", ">=9000", "<0.1"])
def test_a_package_for_another_contract_is_refused_before_it_is_imported(site: Site, wanted: str) -> None:
    module = site.install("from tekton_integrations import NotYetThere", needs=f"Tekton_Integrations{wanted}")
    here = version("tekton-integrations")
    assert refusal() == (
        f"toy-dist, entry point toy = {module}:Toy, was made for tekton-integrations {wanted}, and this is {here}; "
        "install versions of tekton-integrations and toy-dist that fit together"
    )
    assert module not in sys.modules


@pytest.mark.parametrize(
    "needs",
    [
        f"tekton-integrations=={version('tekton-integrations')}",
        "tekton-integrations",
        'tekton-integrations>=9000; python_version < "3"',
        'tekton-integrations>=9000; extra == "all"',
        "aiohttp>=9000",
    ],
)
def test_a_package_for_this_contract_is_loaded(site: Site, needs: str) -> None:
    site.install(needs=needs)
    assert len(load(["toy"])) == 1


def test_those_of_this_repository_say_for_which_contract_they_were_made() -> None:
    for name in ("cloudevent", "github", "slack", "webhook"):
        [point] = entry_points(group="tekton_integrations", name=name)
        assert point.dist
        assert "tekton-integrations<0.2,>=0.1" in (point.dist.requires or [])


def test_an_instance_is_no_class(site: Site) -> None:
    site.install(GOOD + "\n    instance = Toy()\n", what="instance")
    assert refusal().endswith(
        "is not a subclass of tekton_integrations.Integration; point the entry point at the class"
    )


@pytest.mark.parametrize("name", ["Toy", "toy_1", "x" * 41, "toy.toy"])
def test_a_name_that_can_be_no_annotation_prefix_is_refused(site: Site, name: str) -> None:
    site.install(GOOD.replace('name = "toy"', f'name = "{name}"'), name=name)
    assert refusal(name).endswith(
        f"the name {name!r} can't be an annotation prefix; use lower-case letters, digits and '-'"
    )


def test_a_class_that_cannot_be_made_is_told(site: Site) -> None:
    site.install(GOOD.replace("def target", "def __init__(self, needed): ...\n\n        def target"))
    assert "toy-dist" in refusal()


def test_an_integration_of_no_version_is_told(site: Site) -> None:
    site.install(GOOD.replace('name = "toy"', 'name = "toy"\n        versions = ()'))
    assert "versions" in refusal()


INFERRING = GOOD.replace('name = "toy"', 'name = "toy"\n        inferable = {"where": "the label place"}')


def test_only_those_infer_that_were_told_to(site: Site) -> None:
    site.install(INFERRING)
    assert [each.infers for each in load(["toy"])] == [False]
    assert [each.infers for each in load(["toy"], ["toy"])] == [True]


def test_who_is_told_to_infer_must_be_loaded(site: Site) -> None:
    site.install(INFERRING)
    with pytest.raises(RegistryError, match="--infer names 'slack', which is not loaded; name it in --integrations"):
        load(["toy"], ["slack"])


def test_who_is_told_to_infer_must_be_able_to(site: Site) -> None:
    site.install()
    with pytest.raises(RegistryError, match="integration 'toy' can't infer anything; take it out of --infer"):
        load(["toy"], ["toy"])
