"""Apps that are made from a manifest: the form that a person confirms, and the exchange of the code that it gives.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

import json
import re
import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.fakes.github.call import Answer, Call, not_found, validation_failed
from tests.fakes.github.clock import timestamp
from tests.fakes.github.entities import LEVELS
from tests.fakes.github.render import app_json
from tests.fakes.github.routing import Context, route
from tests.fakes.github.world import World

FORM = re.compile(r"/(?:organizations/(?P<organization>[\w-]+)/)?settings/apps/new")
# Seconds for all three steps.
LIFE = 3600.0
MAX_NAME = 34


def confirmed(world: World, call: Call) -> Answer:
    """Somebody has confirmed the form, and is sent back with a code. What GitHub would show as an error in the form is
    a 422 here."""
    found = FORM.fullmatch(call.path)
    fields = {name: values[0] for name, values in parse_qs(call.raw.decode()).items()}
    try:
        manifest = json.loads(fields["manifest"])
        problem = _problem(manifest)
    except (KeyError, ValueError):
        problem = "manifest is no JSON"
    if problem or found is None:
        return validation_failed("Integration", problem or "no such page").answer()
    code = secrets.token_hex(20)
    world.app_codes[code] = world.clock.now() + LIFE, manifest, found["organization"] or "you"
    back = {"code": code} | ({"state": call.query["state"]} if "state" in call.query else {})
    return Answer(status=302, headers={"Location": f"{manifest['redirect_url']}?{urlencode(back)}"})


def _problem(manifest: dict[str, Any]) -> str:
    permissions = manifest.get("default_permissions", {})
    if not str(manifest.get("url", "")).startswith("http"):
        return "url is missing"
    if not str(manifest.get("redirect_url", "")).startswith("http"):
        return "redirect_url is missing"
    if len(manifest.get("name", "")) > MAX_NAME:
        return f"name is too long (maximum is {MAX_NAME} characters)"
    if "hook_attributes" in manifest and not manifest["hook_attributes"].get("url"):
        return "hook_attributes.url is missing"
    return "" if all(level in LEVELS for level in permissions.values()) else "permissions are unknown"


@route("POST", "/app-manifests/{code}/conversions", "apps/apps#create-a-github-app-from-a-manifest")
def convert(context: Context) -> Answer:
    """Once, and without any credential."""
    world, call = context.world, context.call
    expires, manifest, owner = world.app_codes.pop(call.parts["code"], (0.0, {}, ""))
    if world.clock.now() >= expires:
        raise not_found()
    app = world.add_app(world.next_id() + 3_000_000, None, None, manifest["name"])
    app.permissions = {"metadata": "read"} | manifest.get("default_permissions", {})
    body = app_json(call, app) | {
        "owner": {"login": owner},
        "html_url": f"{call.web}/apps/{app.slug}",
        "pem": app.private_key_pem,
        "webhook_secret": None,
        "client_id": app.client_id,
        "client_secret": secrets.token_hex(20),
        "created_at": timestamp(world.clock.now()),
    }
    return Answer(status=201, body=body)
