"""A flood of runs, shown at the look-alike of GitHub by the whole controller, in virtual time and without sockets; and
runs told to an endpoint that fails (deliveries.py), for which an integration has a Channel, such as in webhook.py.

Nothing of the controller is replaced but what it is made from: its clock, its API server, its way out.
"""
