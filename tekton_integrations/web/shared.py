"""What handlers find in their application."""

from aiohttp import web

from tekton_integrations.kube.client import KubeClient
from tekton_integrations.web.settings import WebSettings

SETTINGS = web.AppKey("settings", WebSettings)
CLIENT = web.AppKey("client", KubeClient)
