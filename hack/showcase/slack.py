"""docs/slack/: plays the recordings through the real controller before the look-alike of Slack, and makes one page of
what its channels show: no script, nothing loaded from elsewhere, light and dark.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from html import escape
from pathlib import Path

from hack import objects
from hack.controller import NAMESPACE, SERVICE_ACCOUNT, Controller, Pod
from hack.player import PlayedRun, Player
from hack.recording import Step
from hack.testbed import TEKTON_CRDS, Kubelet, TestBed
from hack.testbed.api import polled
from tests.fakes.github.markdown_inline import inline
from tests.fakes.slack import Slack, asking, provider, secret
from tests.fakes.slack.objects import TOKEN
from tests.fakes.slack.page import STYLE, conversation

from .gallery import POLICY
from .scenes import LEGACY, OFFICE, SCENES, SHOP, Scene
from .stage import BASE, DETAILS, SECONDS, ShowcaseError, end_of, has_ended, logs_allowed, settled, write_logs

TITLE = "What Slack shows of a Tekton run"
WORKSPACE = "https://tektoncd.slack.com"
PREFIX = "slack.integrations.tekton.dev/"
INTRO = (
    "Each part below is one recorded run of a real Tekton, played on a real kube-apiserver through the controller as "
    "it is, and shown by the tests' look-alike of Slack. Each run has the annotations `url` and `channel`; further "
    f"ones are named with it. All of them begin with `{PREFIX}`. `make showcase` makes this page."
)
# Further annotations, and what a reader should look at, by scene.
ASKED: Mapping[str, Mapping[str, str]] = {
    "failure": {"mention": "here"},
    "timeout": {"thread": "false"},
    "retries": {"on": "problems"},
}
NOTES: Mapping[str, str] = {
    "failure": "The card was there from the beginning and was changed in place. A change is told to nobody, so the "
    "failure is told in a reply, which is shown in the channel as well. The namespace lets the controller read logs.",
    "timeout": "With `thread: false` there is the card alone.",
    "retries": "With `on: problems` there is no card before it failed, so its reply stays in the thread. The "
    "namespace has not enabled excerpts of logs, and the reply says so.",
    "not-found": "No pod ever ran; without an integration nobody would have been told.",
}
HEADINGS: Mapping[str, str] = {"success": "All is well", "retries": "It failed again and again, and only then is told"}
PLAYED = tuple(scene for scene in SCENES if scene.namespace != LEGACY)
_LAYOUT = """\
.gallery { max-width: 860px; margin: 0 auto; padding: 24px 16px; }
.gallery h1 { font-size: 22px; margin-bottom: 8px; }
.scene { padding-top: 32px; }
.scene > h2 { font-size: 18px; }
.scene > p, .scene > .channel { margin-top: 8px; }
.soft { color: var(--soft); }
"""


@asynccontextmanager
async def played(folder: Path) -> AsyncIterator[Slack]:
    """The look-alike with all that the controller showed there. The controller's log goes to `folder`.

    Raises ShowcaseError, StartError.
    """
    async with AsyncExitStack() as stack:
        bed = await stack.enter_async_context(TestBed.started(manifests=[TEKTON_CRDS, BASE]))
        slack = await stack.enter_async_context(Slack.started())
        slack.world.add_token(TOKEN)
        for scene in PLAYED:
            slack.world.add_channel(scene.name)
        await _perform(bed, slack, folder / "controller.log")
        yield slack


async def _perform(bed: TestBed, slack: Slack, log: Path) -> None:
    """Returns when Slack shows the end of every run."""
    pod = Pod(await bed.service_account_directory(NAMESPACE, SERVICE_ACCOUNT), bed.service_environment)
    await _furnish(bed, slack)
    async with (
        Kubelet.started(bed) as kubelet,
        Controller.started(pod, log, arguments=("--integrations", "slack")),
        Player.connected(bed.admin_kubeconfig) as player,
    ):
        await write_logs(kubelet, PLAYED)
        async with asyncio.TaskGroup() as group:
            for scene in PLAYED:
                group.create_task(_play(player, slack, scene))
        try:
            await settled(bed, "slack", len(PLAYED))
        except ShowcaseError as error:
            raise ShowcaseError(f"{error}\nThe end of the controller's log:\n{end_of(log)}") from None


async def _furnish(bed: TestBed, slack: Slack) -> None:
    for namespace in (SHOP, OFFICE):
        await bed.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    await bed.apply(logs_allowed(SHOP))
    grants = [objects.grant(SHOP, OFFICE, targets=["tektoncd.slack.com"])]
    made = provider(NAMESPACE, endpoint=slack.url, grants=grants)
    made["spec"]["detailsUrl"] = DETAILS
    await bed.apply(secret(NAMESPACE), made)


async def _play(player: Player, slack: Slack, scene: Scene) -> None:
    await player.play(
        scene.recording,
        namespace=scene.namespace,
        name=scene.name,
        sha=scene.sha,
        annotations=asking(scene.name, url=WORKSPACE, **ASKED.get(scene.name, {})),
        speed=1,
        before_step=partial(_shown_first, slack, scene),
    )


async def _shown_first(slack: Slack, scene: Scene, run: PlayedRun, step: Step) -> None:
    """Where Tekton ends tasks after their run, Slack shows the run's end before: so the page is the same each time."""
    if has_ended(run):
        await polled(partial(_shows_the_end, slack, scene), SECONDS)


async def _shows_the_end(slack: Slack, scene: Scene) -> bool:
    return any(
        card.color not in ("#868686", "#1d9bd1") or "Cancelled" in card.shown for card in slack.cards(scene.name)
    )


def gallery(slack: Slack) -> str:
    """The whole page."""
    sections = "".join(_section(slack, scene) for scene in PLAYED)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{TITLE}</title>\n<style>\n{STYLE.read_text()}{_LAYOUT}</style></head>\n"
        f'<body>\n<main class="gallery"><h1>{TITLE}</h1><p>{inline(INTRO)}</p>{sections}</main>\n</body></html>\n'
    )


def _section(slack: Slack, scene: Scene) -> str:
    asked = ", ".join(f"<code>{escape(f'{key}: {value}')}</code>" for key, value in ASKED.get(scene.name, {}).items())
    besides = f", annotated with {asked}" if asked else ""
    note = f"<p>{inline(NOTES[scene.name])}</p>" if scene.name in NOTES else ""
    about = f'{note}<p class="soft">Recording <code>{escape(Path(scene.recording).stem)}</code>{besides}.</p>'
    heading = escape(HEADINGS.get(scene.name, scene.heading))
    shown = conversation(slack.channel(scene.name))
    return f'\n<section class="scene" id="{scene.name}"><h2>{heading}</h2>{about}{shown}</section>'
