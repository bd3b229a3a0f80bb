"""docs/walk.md, typed: from an empty cluster to the check, to a run that is not shown, and back."""

import shutil
from pathlib import Path

import pytest

from hack.controller import Controller
from hack.testbed import TEKTON_CRDS, TestBed
from tests.fakes.github import GitHub
from tests.fakes.github.__main__ import _parser
from tests.hack.test_docs import ROOT, Reader, blocks

WALK = "docs/walk.md"
PRINTED = "http://127.0.0.1:8070"
SHA = "3f786850e387550fdab836ed7e6dc881de23001b"


@pytest.mark.e2e
async def test_who_walks_sees_a_check_and_a_refusal_and_leaves_nothing(tmp_path: Path) -> None:
    _, lookalike, _, install, _, doctor, connect, two, on, *away = blocks(WALK, "sh")
    asked = _parser().parse_args(lookalike.partition("tests.fakes.github ")[2].split())
    assert (asked.new_app, asked.repository, asked.any_commit) == (["7=app.pem"], ["acme/api=7"], ["acme/api"])
    shutil.copytree(ROOT / "manifests", tmp_path / "manifests")
    beds = TestBed.started(controller_manager=True, manifests=[TEKTON_CRDS])
    async with beds as bed, GitHub.started() as github:
        app = github.add_app(7)
        github.add_repository("acme/api", installation_of=app)
        github.accept_any_commit("acme/api")
        (tmp_path / "app.pem").write_text(app.private_key_pem)
        reader = Reader(bed, tmp_path)
        await reader.types(install)
        async with Controller.started(tmp_path / "controller.kubeconfig", tmp_path / "log") as controller:
            for integration in ("core", "github"):
                await controller.in_charge(integration)
            assert "0 problems, 1 warning" in await reader.types(doctor)
            assert PRINTED in connect
            await reader.types(connect.replace(PRINTED, github.url))
            said = await reader.types(two)
            assert "NotGranted: no grant in Provider tekton-integrations/github" in said
            assert "github: shown\n" in await reader.types(on)
            await reader.types(away[0])
        assert [check.conclusion for check in github.check_runs("acme/api", SHA)] == ["success"]
        said = await reader.types(away[1])
        assert said.rstrip().endswith(("KIND", "deleted"))  # a header at most, and no kind of ours
