"""Runs the look-alike as a process of its own; the first line it prints is its URL."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.fakes.github import GitHub


def main(arguments: Sequence[str] | None = None) -> None:
    asyncio.run(_serve(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fakes.github",
        description=__doc__,
        epilog="Read by other processes: GET /_lookalike/state, and its parts: "
        "/check-runs, /statuses, /comments, /deployments; /requests.",
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one (default)")
    add("--state", type=Path, metavar="FILE", help="JSON with apps, repositories and tokens, see load()")
    add("--app", action="append", default=[], metavar="ID=PUBLIC.pem", help="an App and its public key")
    add("--app-name", default="Tekton Integrations", help="the name of Apps without one")
    add("--new-app", action="append", default=[], metavar="ID=PRIVATE.pem", help="makes the key, writes it")
    add("--repository", action="append", default=[], metavar="OWNER/NAME[=APP]", help="App: it is installed")
    add("--commit", action="append", default=[], metavar="OWNER/NAME@SHA")
    add("--any-commit", action="append", default=[], metavar="OWNER/NAME", help="every full sha exists")
    add("--token", action="append", default=[], metavar="TOKEN[=OWNER/NAME,…]", help="a personal token")
    add("--limits", action=argparse.BooleanOptionalAction, default=True, help="GitHub's rate limits")
    add("--log-size", type=int, metavar="N", help="keep the last N requests only")
    return parser


async def _serve(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    started = GitHub.started(port=options.port, limits=options.limits, log_size=options.log_size)
    async with started as github:
        if options.state:
            load(github, json.loads(options.state.read_text()), options.app_name)
        _load_options(github, options)
        sys.stdout.write(f"{github.url}\n")
        sys.stdout.flush()
        await stop.wait()


def load(github: GitHub, state: dict[str, Any], app_name: str) -> None:
    """The form of --state:

    {"apps": [{"id", "public_key_file", "client_id"?, "name"?}],
     "repositories": [{"name", "app"?, "permissions"?, "private"?, "any_commit"?,
                       "commits"?: [sha or {"sha", "message"}]}],
     "tokens": [{"token", "repositories"?, "permissions"?}]}
    """
    for app in state.get("apps", ()):
        public_key = Path(app["public_key_file"]).read_text()
        name = app.get("name", app_name)
        github.add_app(app["id"], public_key_pem=public_key, client_id=app.get("client_id"), name=name)
    for repository in state.get("repositories", ()):
        _load_repository(github, repository)
    for token in state.get("tokens", ()):
        github.add_token(token["token"], repositories=token.get("repositories"), permissions=token.get("permissions"))


def _load_repository(github: GitHub, repository: dict[str, Any]) -> None:
    name = repository["name"]
    github.add_repository(
        name,
        installation_of=github.world.apps[repository["app"]] if "app" in repository else None,
        permissions=repository.get("permissions"),
        private=repository.get("private", True),
    )
    if repository.get("any_commit"):
        github.accept_any_commit(name)
    for commit in repository.get("commits", ()):
        known = commit if isinstance(commit, dict) else {"sha": commit}
        github.add_commit(name, known["sha"], known.get("message", ""))


def _load_options(github: GitHub, options: argparse.Namespace) -> None:
    for text in options.app:
        number, _, file = text.partition("=")
        github.add_app(int(number), public_key_pem=Path(file).read_text(), name=options.app_name)
    for text in options.new_app:
        number, _, file = text.partition("=")
        key = Path(file)
        key.touch(mode=0o600)
        key.write_text(github.add_app(int(number), name=options.app_name).private_key_pem)
    for text in options.repository:
        name, _, app = text.partition("=")
        github.add_repository(name, installation_of=github.world.apps[int(app)] if app else None)
    for text in options.commit:
        name, _, sha = text.partition("@")
        github.add_commit(name, sha)
    for name in options.any_commit:
        github.accept_any_commit(name)
    for text in options.token:
        secret, _, names = text.partition("=")
        github.add_token(secret, repositories=names.split(",") if names else None)


if __name__ == "__main__":
    main()
