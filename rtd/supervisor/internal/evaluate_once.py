"""Custom conditions that are asked once, apart from the cycle: each in a run of its own."""

from collections.abc import Iterable
from typing import Final

from rtd.language.core.view import Answer
from rtd.model.internal_tasks import EVALUATE_TASK
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.internal.internal_runs import InternalRuns

#: How long the main lane may take to begin.
BEGIN_S: Final = 10.0


async def evaluate_once(
    context: SupervisorContext, inner: InternalRuns, texts: Iterable[str]
) -> dict[str, Answer]:
    """What these conditions say now. Never raises: one that fails is a fault and not among the
    answers."""
    limit_s = context.config.condition_timeout_s
    answers = {}
    for text in sorted(texts):
        ended = await inner.run(
            EVALUATE_TASK, {"text": text}, limit_s, patience_s=limit_s + BEGIN_S
        )
        value, why = (ended.result or {}).get("answer", (None, ended.why))
        if value is None:
            halts = not context.manifest.info.silence_cond_check
            context.faults.record("condition", text, why, halts=halts)
        else:
            answers[text] = Answer(value)
    return answers
