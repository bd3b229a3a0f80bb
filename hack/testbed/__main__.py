"""`python -m hack.testbed`: runs a test bed with Tekton's kinds until Ctrl-C or SIGTERM."""

import argparse
import asyncio
import os
import signal
from contextlib import suppress

from .binaries import find_all
from .testbed import TEKTON_CRDS, TestBed


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m hack.testbed", description=__doc__)
    parser.add_argument("--build", action="store_true", help="find or build the programs, and start nothing")
    parser.add_argument("--all", action="store_true", help="with --build: also what only `make test-long` needs")
    parser.add_argument(
        "--controller-manager", action="store_true", help="collect garbage and delete namespaces as a cluster does"
    )
    return parser.parse_args()


async def _main(arguments: argparse.Namespace) -> None:
    if arguments.build:
        await find_all(rare=arguments.all)
        return
    serving = asyncio.create_task(_serve(controller_manager=arguments.controller_manager))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


async def _serve(*, controller_manager: bool) -> None:
    async with TestBed.started(controller_manager=controller_manager, manifests=[TEKTON_CRDS]) as bed:
        print(f"export KUBECONFIG={bed.admin_kubeconfig}")
        print(f"# ready at {bed.url}; stop with Ctrl-C or: kill {os.getpid()}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(_arguments()))
