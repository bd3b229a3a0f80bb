"""Runs told to all four integrations at once, while something goes wrong that goes wrong in life; and what was lost.

A case is a list of acts (acts.py), made from a seed: what happens to runs, and what disturbs. stage.py does them on a
real API server with real controllers, judge.py looks at what GitHub, Slack and receivers show once it is quiet.
"""
