"""What is said of a run's report in each place where it can be read, by the same run; a test compares them."""

import asyncio
import json
import re
from html import unescape
from typing import Any

import aiohttp
from typer.testing import CliRunner

from hack.testbed import TestBed
from tekton_integrations.cli import app
from tests.e2e.causes import Causes
from tests.e2e.stage import Stage, condition
from tests.fakes.github import CheckRun


async def asked(bed: TestBed, *arguments: str, kubeconfig: str = "") -> tuple[int, str]:
    """The exit code of `why`, and what it printed."""
    access = ["--kubeconfig", kubeconfig or str(bed.admin_kubeconfig)]
    done = await asyncio.to_thread(CliRunner().invoke, app, ["why", *arguments, *access])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


async def told(bed: TestBed, *arguments: str, kubeconfig: str = "") -> tuple[int, list[dict[str, Any]]]:
    """The exit code, and the stories of the only run."""
    code, text = await asked(bed, *arguments, "-o", "json", kubeconfig=kubeconfig)
    [run] = json.loads(text)["runs"]
    return code, run["stories"]


async def in_record(stage: Stage, namespace: str, run: str) -> str:
    [record] = [each for each in await stage.records(namespace) if each["spec"]["runRef"]["name"] == run]
    message: str = condition(record)["message"]
    return message


async def by_why(stage: Stage, namespace: str, run: str) -> tuple[str, list[str]]:
    """The sentence, and the steps."""
    _, [story] = await told(stage.bed, run, "-n", namespace)
    return story["sentence"], [step["text"] for step in story["steps"]]


async def on_page(causes: Causes, run: str, kind: str = "") -> tuple[str, str]:
    """The first sentence, and what to do, on the run's page."""
    url, which = f"{causes.url}/runs/{causes.namespace}/{run}", {"kind": kind} if kind else {}
    async with aiohttp.ClientSession() as session, session.get(url, params=which) as answer:
        story = re.findall(r'<li class="story .*?</p>(.*?)(?=<li class="story|</ul>)', await answer.text(), re.DOTALL)[
            0
        ]
    sentence, *fix = re.findall(r"<bdi>(.*?)</bdi>", story.partition("<details")[0])
    return unescape(sentence), unescape("".join(fix))


def on_check(check: CheckRun) -> str:
    """The footer."""
    return (check.output.summary or "").split("\n\n")[-1]
