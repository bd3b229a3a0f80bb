"""Sends each milestone of a Tekton run as a CloudEvent."""
