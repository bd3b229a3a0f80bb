"""Tells a webhook of each milestone of a Tekton run."""
