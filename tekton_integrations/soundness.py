"""What is wrong with what a Notification says, as far as that can be told before any run comes."""

from collections.abc import Callable

from tekton_integrations.expressions import ExpressionError, compiled
from tekton_integrations.integration import Integration
from tekton_integrations.notification import TEMPLATE, Notification, known, variables
from tekton_integrations.options import problem


class NotReady(Exception):
    """What is wrong with a Notification: a reason in one word, and what to mend."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


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
    for key, value in notification.options.items():
        for variable in variables(value):
            if not known(variable):
                raise NotReady(
                    "InvalidOption",
                    f"spec.options.{key}: there is no $({variable}); known: $(namespace), $(name), $(kind), "
                    "$(pipeline), $(labels.X), $(annotations.X), $(params.X)",
                )
