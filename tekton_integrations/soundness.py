"""What is wrong with what a Notification says, as far as that can be told before any run comes."""

from collections.abc import Callable, Collection

from tekton_integrations import annotations
from tekton_integrations.expressions import ExpressionError, compiled
from tekton_integrations.integration import Integration
from tekton_integrations.notification import MOST_BYTES, TEMPLATE, Notification, known, variables
from tekton_integrations.options import problem, refusal, required

# That options may have together, since they are filled in at each change of a run.
VARIABLES = 32


class NotReady(Exception):
    """What is wrong with a Notification: a reason in one word, and what to mend."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def check_size(notification: Notification) -> None:
    if notification.too_large:
        raise NotReady(
            "TooManyBytes", f"it has {notification.too_large} bytes; at most {MOST_BYTES} are read: shorten or split it"
        )


def condition(notification: Notification) -> Callable[..., bool] | None:
    try:
        return compiled(notification.filter.expression) if notification.filter.expression else None
    except ExpressionError as error:
        raise NotReady("InvalidExpression", f"spec.filter.expression: {error}") from error


def check_options(notification: Notification, integration: Integration) -> None:
    if TEMPLATE in notification.options:
        raise NotReady("InvalidOption", "spec.options.template: put it into spec.template")
    constant = [key for key, value in notification.options.items() if "$" not in value]
    if wrong := problem(integration, notification.options, constant=constant):
        raise NotReady("InvalidOption", wrong)
    if notification.template and (
        wrong := problem(integration, {TEMPLATE: notification.template}, constant=[TEMPLATE])
    ):
        raise NotReady("InvalidTemplate", wrong.replace("spec.options.template", "spec.template"))
    _check_together(notification, integration, constant)
    if (count := sum(len(variables(value)) for value in notification.options.values())) > VARIABLES:
        raise NotReady("InvalidOption", f"spec.options name {count} variables; at most {VARIABLES} are allowed")
    for key, value in notification.options.items():
        for variable in variables(value):
            if not known(variable):
                raise NotReady(
                    "InvalidOption",
                    f"spec.options.{key}: there is no $({variable}); known: $(namespace), $(name), $(kind), "
                    "$(pipeline), $(labels.X), $(annotations.X), $(params.X)",
                )


def _check_together(notification: Notification, integration: Integration, constant: Collection[str]) -> None:
    """As far as the values are known: one that is not may be what the others need."""
    options = {key: notification.options[key] for key in constant}
    if not notification.options.keys() - options.keys() <= required(integration):
        return
    if wrong := refusal(integration, options):
        raise NotReady("InvalidOption", _in_spec(integration, wrong))
    if notification.template and (wrong := refusal(integration, options | {TEMPLATE: notification.template})):
        raise NotReady("InvalidTemplate", _in_spec(integration, wrong))


def _in_spec(integration: Integration, message: str) -> str:
    """Of annotations nobody spoke here."""
    told = message.replace(annotations.annotation(integration.name, ""), "spec.options.")
    return told.replace(f"spec.options.{TEMPLATE}", f"spec.{TEMPLATE}")
