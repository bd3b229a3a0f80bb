"""What each reason means and what to do about it, for commands, pages and the READMEs' tables: here what the core may
say, and what more than one integration does; in the `reasons.toml` of an integration's package what it alone may.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

GROUP = "tekton_integrations"
FILE = "reasons.toml"


class Entry(NamedTuple):
    cause: str
    cure: str


_BY_ITSELF = "Nothing: it is tried again, up to every 5 minutes."

REASONS = {
    # Given up until somebody changes something.
    "AmbiguousProvider": Entry("Several Providers grant the same.", "Name one in the annotation `provider`."),
    "AnnotationTooLong": Entry("A value is over 4,096 characters, or all together over 16,384.", "Shorten it."),
    "EgressRefused": Entry(
        "A URL of the run leads inside (private, loopback, Services) or, whoever names it, to where a cloud keeps its "
        "machines' secrets; or an answer led away from the Provider's endpoint.",
        "Correct the URL; or name its host in full in `spec.grants` of the Provider, or as its `spec.endpoint`. After "
        "such an answer: correct `spec.endpoint`.",
    ),
    "Forbidden": Entry(
        "The service refused: a permission is missing, an App's installation is suspended, or a rule of the "
        "organisation (single sign-on, IP allow list, kinds of tokens) forbids it.",
        "As the message says, which names the permission.",
    ),
    "EndpointGone": Entry(
        "The endpoint answered 410: it wants no more. It is called no more.",
        "Remove the annotations; or, if it is there again, change their URL or the Provider, or `report` it again.",
    ),
    "FormatRefused": Entry("The endpoint does not take this format (415).", "As the message says."),
    "InheritedAnnotationIgnored": Entry(
        "The annotation came with a remotely resolved Pipeline, and does not count.", "Set it on the run itself."
    ),
    "InvalidAnnotation": Entry("A value has the wrong form, as a branch for `sha`.", "Correct it as the message says."),
    "MissingAnnotation": Entry("A required annotation is missing.", "Add it."),
    "NoProvider": Entry(
        "No Provider of a fitting type (and name) is in reach.", "Create one, or ask for a shared one."
    ),
    "NotFound": Entry(
        "What was to be changed is not there: a pull request, a check run.",
        "As the message says.",
    ),
    "NotGranted": Entry(
        "No grant allows this namespace, target and name together; or the repository has a new name that none allows.",
        "Extend `spec.grants` of the Provider. A changed label of the namespace alone wakes nobody.",
    ),
    "NotInstalled": Entry(
        "No Deployment brings the integration that the annotation names.",
        "Remove it, or install the integration.",
    ),
    "NotOurs": Entry("Somebody made this record: no request of its run can have.", "Delete it."),
    "Refused": Entry("The service refused for another reason, which the message quotes.", "As the message says."),
    "RecordTooNew": Entry(
        "A newer version of the controller wrote the record. It is left alone; an Event on the run says so.",
        "Upgrade again, or delete the record to start over.",
    ),
    "TooLarge": Entry("The endpoint does not take so much at once (413).", "Ask for less, or raise its limit."),
    "TooOld": Entry(
        "Three days after the run's end the service had still not accepted it.",
        "Mend what the message names, then change the annotations or the Provider.",
    ),
    "UnknownAnnotation": Entry("The key is not known; usually it is misspelt.", "Correct or remove it."),
    "UnreadableMemory": Entry(
        "An id in the record is damaged.", "As the message says: the report starts anew under another name."
    ),
    "UnsupportedVersion": Entry("The annotation `version` names one that is not supported.", "Use one that is."),
    # Shown while it is tried again.
    "AnswerTooLong": Entry(
        "The endpoint answered with more than the 4 MiB that are read at most.",
        "Check `spec.endpoint` of the Provider, and what answers there.",
    ),
    "CertificateRefused": Entry(
        "The certificate of the endpoint is not trusted, is out of date, or is for another host.",
        "As the message says: `spec.caBundle` or `spec.endpoint` of the Provider, or the certificate.",
    ),
    "CredentialRefused": Entry(
        "The service does not accept the credential.", "Put a valid one into the Secret; it is picked up at once."
    ),
    "CredentialUnavailable": Entry(
        "The Secret is missing, can't be read, or has no usable key.",
        "As the message says; noticed at once.",
    ),
    "EndpointRefused": Entry("The endpoint refuses what it was sent (4xx).", "See its own log; check the URL."),
    "InProgress": Entry("The run goes on, and so does the report.", "Nothing."),
    "InternalError": Entry("A bug. The controller's log has the traceback.", "Report it; it is tried again meanwhile."),
    "InvalidProvider": Entry(
        "The Provider's block of settings, its `caBundle` or its `proxy` can't be used.",
        "Correct it as the message says; looked at again at once.",
    ),
    "MaybeSent": Entry(
        "A call was cut and may still take effect.",
        "Nothing: it is looked for, and made again after 30 s at the latest.",
    ),
    "ProxyRefused": Entry(
        "The proxy does not let calls pass to the endpoint, or wants a password.",
        "Let it pass them; or correct `spec.proxy` of the Provider, or the controller's `HTTPS_PROXY` (`HTTP_PROXY`).",
    ),
    "Redirected": Entry("The endpoint answered with a redirect (3xx).", "Name the address that it leads to."),
    "Retrying": Entry("The last try failed; the message says why.", _BY_ITSELF),
    "SecretNotOffered": Entry(
        "The Secret does not say that it is meant for this Provider.",
        "Give it the type or the label that the message names; noticed at once.",
    ),
    "ServiceDown": Entry(
        "The host has failed five times in a row, so it is left alone for a while.",
        "Nothing: it is tried again after 5 s, up to 5 minutes. If it stays: the host, DNS, egress rules.",
    ),
    "Throttled": Entry("The service asked to wait, or would soon.", "Nothing: it goes on by itself."),
    # Only in an Event, after the third failure in a row.
    "ConnectionBroken": Entry("The connection broke during a call.", _BY_ITSELF),
    "ServiceUnavailable": Entry("The service answered with an error of its own (5xx).", _BY_ITSELF),
    "Stalled": Entry(
        "The controller was paused or could not renew its Lease before a call, and did not make it.",
        "Nothing: it is made anew.",
    ),
    "TimedOut": Entry("No answer within 10 s.", _BY_ITSELF),
    "UnreadableAnswer": Entry(
        "The service, or a proxy before it, answered with something else than expected.",
        f"{_BY_ITSELF} If it stays: `spec.endpoint` and `spec.proxy` of the Provider.",
    ),
    "Unreachable": Entry(
        "No connection to the endpoint.", f"{_BY_ITSELF} If it stays: DNS, egress rules, `spec.endpoint`."
    ),
    # The end.
    "Reported": Entry("The run's final state was accepted.", "Nothing."),
}


def own(file: Path) -> dict[str, Entry]:
    """Those of an integration, from its file; none where it has no such."""
    listed = tomllib.loads(file.read_text()) if file.exists() else {}
    return {reason: Entry(said["cause"], said["cure"]) for reason, said in listed.items()}


@cache
def of(integration: str) -> Mapping[str, Entry]:
    """What an integration may say: the core's, and its own where it is installed here. Nothing of it is imported."""
    packages = {
        point.value.partition(":")[0].partition(".")[0] for point in entry_points(group=GROUP, name=integration)
    }
    specs = (find_spec(package) for package in sorted(packages))
    folders = [Path(place) for spec in specs if spec for place in spec.submodule_search_locations or ()]
    return {**REASONS, **{name: entry for folder in folders for name, entry in own(folder / FILE).items()}}
