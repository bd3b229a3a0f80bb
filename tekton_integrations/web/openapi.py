"""`GET /openapi.json`: what the endpoints take and answer, for programs (OpenAPI 3.1)."""

from importlib.metadata import version
from typing import Any

from aiohttp import web

from tekton_integrations.run import KINDS
from tekton_integrations.web.question import NAME, NAMESPACE
from tekton_integrations.web.settings import WebSettings
from tekton_integrations.web.shared import SETTINGS

Json = dict[str, Any]


def add_to(app: web.Application) -> None:
    document = made(app[SETTINGS])

    async def openapi(_: web.Request) -> web.Response:
        return web.json_response(document)

    app.router.add_get("/openapi.json", openapi)


def made(settings: WebSettings) -> Json:
    longest = int(settings.longest_wait)
    wait = {"type": "integer", "minimum": 0, "maximum": longest}
    status = [_query("wait", {**wait, "default": 0}, "Seconds to wait until the run has ended.")]
    logs = [
        _query("wait", {**wait, "default": int(settings.wait)}, "Seconds to wait for a run that is not there yet."),
        _query("follow", {"type": "boolean", "default": True}, "Until the run has ended; else what is there now."),
        _query("tail", {"type": "integer", "minimum": 0, "maximum": 1_000_000}, "So many last lines of each step."),
        _query("task", {"type": "string"}, "Only this task, by its name in the pipeline."),
    ]
    paths: Json = {"/health": {"get": _operation("health", "Whether the service is up.", _HEALTH, [], security=[])}}
    for root, where, given in (("", "", [_NAMESPACE_QUERY]), ("/namespaces/{namespace}", "In", [_NAMESPACE_PATH])):
        about = [*given, _RUN, _KIND]
        paths[f"{root}/status/{{run}}"] = {
            "get": _operation(f"status{where}", "How a run stands: 200 only if it succeeded.", _STATUS, about + status)
        }
        paths[f"{root}/logs/{{run}}"] = {
            "get": _operation(f"logs{where}", "The logs of a run's tasks while they come.", _LOGS, about + logs)
        }
    return {
        "openapi": "3.1.0",
        "info": {"title": "tekton-integrations", "version": version("tekton-integrations")},
        "paths": paths,
        "components": {"schemas": _SCHEMAS, "securitySchemes": _SCHEMES},
        # One of both.
        "security": [{"basic": []}, {"token": []}],
    }


def _operation(name: str, summary: str, answers: Json, parameters: list[Json], **more: Any) -> Json:
    return {"operationId": name, "summary": summary, "parameters": parameters, "responses": answers, **more}


def _query(name: str, schema: Json, words: str) -> Json:
    return {"name": name, "in": "query", "schema": schema, "description": words}


def _json(words: str, schema: str) -> Json:
    return {
        "description": words,
        "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
    }


_NAMESPACE: Json = {"type": "string", "pattern": f"^{NAMESPACE}$"}
_NAMESPACE_QUERY = _query("namespace", _NAMESPACE, "The run's; the service's own when left out.")
_NAMESPACE_PATH = {"name": "namespace", "in": "path", "required": True, "schema": _NAMESPACE}
_RUN = {"name": "run", "in": "path", "required": True, "schema": {"type": "string", "pattern": f"^{NAME}$"}}
_KIND = _query("kind", {"enum": list(KINDS)}, "PipelineRun, then TaskRun, when left out.")

_SCHEMES = {"basic": {"type": "http", "scheme": "basic"}, "token": {"type": "http", "scheme": "bearer"}}
_TEXT = {"type": "string"}
_SCHEMAS: Json = {
    "Condition": {
        "type": "object",
        "required": ["message", "reason", "type", "status"],
        "properties": {
            "message": _TEXT,
            "reason": _TEXT,
            "type": {"const": "Succeeded"},
            "status": {"enum": ["True", "False", "Unknown"]},
        },
    },
    "Error": {
        "type": "object",
        "required": ["message", "reason", "code"],
        "properties": {"message": _TEXT, "reason": _TEXT, "code": {"type": "integer"}},
    },
    "Health": {"type": "object", "required": ["status"], "properties": {"status": {"const": 1}}},
    "ConditionOrError": {"oneOf": [{"$ref": "#/components/schemas/Condition"}, {"$ref": "#/components/schemas/Error"}]},
}
_ERRORS = {
    "401": _json("Who asks is not known.", "Error"),
    "403": _json("Who asks may not read this.", "Error"),
    "404": _json("There is no such run.", "Error"),
    "429": _json("Too many failed logins.", "Error"),
    "503": _json("The API server does not answer, or too many ask.", "Error"),
}
_HEALTH = {"200": _json("It is.", "Health")}
_STATUS = {
    "200": _json("It has succeeded.", "Condition"),
    "400": _json("It has not: it failed, or goes on. Or the request has an error.", "ConditionOrError"),
    **_ERRORS,
}
_LOGS = {
    "200": {"description": "The log, until the run has ended.", "content": {"text/plain": {"schema": _TEXT}}},
    "400": _json("The request has an error.", "Error"),
    **_ERRORS,
}
