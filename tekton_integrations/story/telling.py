"""From Facts to Stories: of each record, of what asks and has none yet, of what is left out; else why nothing asks."""

from tekton_integrations import words
from tekton_integrations.story.values import Facts, Story, Verdict

_OPEN = {"True": Verdict.SHOWN, "False": Verdict.FAILED}


def stories(facts: Facts) -> tuple[Story, ...]:
    """One at least."""
    told = [
        Story(
            namespace=facts.namespace,
            kind=facts.kind,
            run=facts.name,
            verdict=_OPEN.get(record.condition.status, Verdict.WAITING),
            reason=record.condition.reason,
            sentence=words.sentence(record.condition.status, record.condition.message),
            integration=record.integration,
            notification=record.notification,
            url=record.url,
            provider=record.provider,
            since=record.condition.last_transition or None,
            until=record.next_attempt,
        )
        for record in facts.records or ()
    ]
    return tuple(told) or (
        Story(
            namespace=facts.namespace,
            kind=facts.kind,
            run=facts.name,
            verdict=Verdict.NOT_ASKED,
            reason="NotAsked",
            sentence="nothing asks for this run to be shown anywhere",
        ),
    )
