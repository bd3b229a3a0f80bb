"""What each reason means and what to do about it: the one place, from which the README's table is made."""

from typing import NamedTuple


class Entry(NamedTuple):
    cause: str
    cure: str


_BY_ITSELF = "Nothing: it is tried again, up to every 5 minutes."

REASONS = {
    # Given up until somebody changes something.
    "AmbiguousProvider": Entry("Several Providers grant the same.", "Name one in the annotation `provider`."),
    "AnnotationTooLong": Entry("A value is over 4,096 characters, or all together over 16,384.", "Shorten it."),
    "EgressRefused": Entry(
        "An answer led to another host than the Provider's endpoint, and its credential goes nowhere else.",
        "Correct `spec.endpoint` of the Provider.",
    ),
    "Forbidden": Entry(
        "GitHub refused: a permission is missing.",
        "Give the App `Checks: write`, or the token `Commit statuses: write`.",
    ),
    "InheritedAnnotationIgnored": Entry(
        "The annotation came with a remotely resolved Pipeline, and does not count.", "Set it on the run itself."
    ),
    "InvalidAnnotation": Entry("A value has the wrong form, as a branch for `sha`.", "Correct it as the message says."),
    "MissingAnnotation": Entry("A required annotation is missing.", "Add it."),
    "NoProvider": Entry(
        "No Provider of a fitting type (and name) is in reach.", "Create one, or ask for a shared one."
    ),
    "NotGranted": Entry(
        "No grant allows this namespace, target and name together.",
        "Extend `spec.grants` of the Provider. A changed label of the namespace alone wakes nobody.",
    ),
    "NotInstalled": Entry(
        "No Deployment brings the integration that the annotation names.",
        "Remove it, or install the integration.",
    ),
    "NotOurs": Entry("Somebody made this record: no request of its run can have.", "Delete it."),
    "NotVisible": Entry(
        "GitHub does not show us the repository.", "Check `owner` and `repo`; install the App on the repository."
    ),
    "Refused": Entry("GitHub refused for another reason, which the message quotes.", "As the message says."),
    "RepositoryMoved": Entry("The repository was renamed or moved.", "Set `owner` and `repo` to its new name."),
    "RecordTooNew": Entry(
        "A newer version of the controller wrote the record. It is left alone; an Event on the run says so.",
        "Upgrade again, or delete the record to start over.",
    ),
    "TooManyStatuses": Entry(
        "The commit has 1,000 statuses of this name, and GitHub takes no more.", "Set `name` to another one."
    ),
    "TooOld": Entry(
        "Three days after the run's end the service had still not accepted it.",
        "Mend what the message names, then change the annotations or the Provider.",
    ),
    "UnknownAnnotation": Entry("The key is not known; usually it is misspelt.", "Correct or remove it."),
    "UnknownCommit": Entry("GitHub knows no such commit in this repository.", "Check `sha`, and that it was pushed."),
    "UnreadableMemory": Entry(
        "The check's id in the record is damaged.", "Set `name` to another one: the report starts anew under it."
    ),
    "UnsupportedVersion": Entry("The annotation `version` names one that is not supported.", "Use one that is."),
    # Shown while it is tried again.
    "CredentialRefused": Entry(
        "GitHub does not accept the credential.", "Put a valid one into the Secret; it is picked up at once."
    ),
    "CredentialUnavailable": Entry(
        "The Secret is missing, can't be read, or has no usable key.",
        "As the message says; noticed at once.",
    ),
    "InProgress": Entry("The run goes on, and so does the report.", "Nothing."),
    "InternalError": Entry("A bug. The controller's log has the traceback.", "Report it; it is tried again meanwhile."),
    "InvalidProvider": Entry(
        "The Provider's block of settings can't be read.", "Correct it as the message says; looked at again at once."
    ),
    "MaybeSent": Entry(
        "A call was cut and may still take effect.",
        "Nothing: it is looked for, and made again after 30 s at the latest.",
    ),
    "Retrying": Entry("The last try failed; the message says why.", _BY_ITSELF),
    "SecretNotOffered": Entry(
        "The Secret does not say that it is meant for this Provider.",
        "Give it the type or the label that the message names; noticed at once.",
    ),
    "ServiceDown": Entry(
        "The host has failed five times in a row, so it is left alone for a while.",
        "Nothing: it is tried again after 5 s, up to 5 minutes. If it stays: the host, DNS, egress rules.",
    ),
    "Throttled": Entry("GitHub asked to wait, or would soon.", "Nothing: it goes on by itself."),
    # Only in an Event, after the third failure in a row.
    "ConnectionBroken": Entry("The connection broke during a call.", _BY_ITSELF),
    "ServiceUnavailable": Entry("GitHub answered with an error of its own (5xx).", _BY_ITSELF),
    "Stalled": Entry(
        "The controller was paused or could not renew its Lease before a call, and did not make it.",
        "Nothing: it is made anew.",
    ),
    "TimedOut": Entry("No answer within 10 s.", _BY_ITSELF),
    "UnreadableAnswer": Entry("GitHub answered with something that is not JSON.", _BY_ITSELF),
    "Unreachable": Entry(
        "No connection to the endpoint.", f"{_BY_ITSELF} If it stays: DNS, egress rules, `spec.endpoint`."
    ),
    # The end.
    "Reported": Entry("The run's final state was accepted.", "Nothing."),
}
