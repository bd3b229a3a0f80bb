"""The sink in the README takes what is sent, in both modes, and each once."""

import re
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from tekton_integrations_cloudevent.attributes import About, attributes
from tekton_integrations_cloudevent.data import thin, within
from tekton_integrations_cloudevent.message import message

from integrations.cloudevent.tests.runs import manifest, milestone

README = Path(__file__).parent.parent / "README.md"
SERVED = 'HTTPServer(("", 8080), Sink).serve_forever()'


@pytest.fixture
def url() -> Iterator[str]:
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert SERVED in code
    names: dict[str, Any] = {}
    exec(code.replace(SERVED, ""), names)  # it is what readers copy
    server = HTTPServer(("127.0.0.1", 0), names["Sink"])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_sink_of_the_readme_takes_both_modes_and_tells_repetitions(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, found = manifest("success")
    about = About.run(run)
    async with aiohttp.ClientSession() as session:
        for mode in ("binary", "structured"):
            sent = message(attributes(about, milestone(), run.state), {about.key: within(found, thin(run))[0]}, mode)
            async with session.post(url, headers=dict(sent.headers), data=sent.body) as answer:
                assert answer.status == 202
    assert capsys.readouterr().out == "dev.tekton.event.pipelinerun.successful.v1 success 0000000001\n"
