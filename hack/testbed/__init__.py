"""The test bed: a real API server on loopback, Tekton's kinds on it, and a stand-in kubelet that serves pod logs."""

from .api import Api, ApiError
from .kubelet import Kubelet
from .process import StartError
from .testbed import TEKTON_CRDS, CommandError, TestBed

__all__ = ["TEKTON_CRDS", "Api", "ApiError", "CommandError", "Kubelet", "StartError", "TestBed"]
