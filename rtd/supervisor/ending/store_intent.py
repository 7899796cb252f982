"""Stores why a run is stopped, for the one who writes its outcome."""

from dataclasses import replace

from rtd.common.errors import StoreGone
from rtd.model.policies import Policies
from rtd.model.run_record import RunRecord, count_failures
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_helpers import policies_of
from rtd.supervisor.core.stop_request import Intent


async def store_intent(
    context: SupervisorContext, run_id: str, intent: Intent, record: RunRecord | None = None
) -> tuple[Intent, float]:
    """Store an intent. Returns it, and the grace that the run's policies give, in seconds.

    The intent of a limit says that the run is tried again, if the policies of the run do.

    Args:
        record: of the run, if it is known.

    Raises:
        StoreGone: the run is to begin again, which only a stored intent says. Any other stop goes
            on without Redis.
    """
    grace_s = context.config.stop_grace_s
    try:
        calls = [context.commands.set_intent(run_id, intent.pack())]
        if record is None:
            calls.append(context.commands.get_record(run_id))
        replies = await context.batch.execute_all(*calls)
        if record is None and (record := readable_record(run_id, replies[1])) is None:
            return intent, grace_s
        policies = policies_of(context, record.spec)
        if policies.stop_grace_s is not None:
            grace_s = policies.stop_grace_s
        retried = _with_retry(intent, record, policies)
        if retried is not intent:
            await context.batch.execute(context.commands.set_intent(run_id, retried.pack()))
            return retried, grace_s
    except StoreGone:
        if intent.reload_attempt:
            raise
        log.warning("run %s is stopped while Redis is away", run_id)
    return intent, grace_s


def _with_retry(intent: Intent, record: RunRecord, policies: Policies) -> Intent:
    failed = count_failures((a.state, a.error) for a in record.attempts)
    if intent.requeue or not policies.may_retry_stop(intent.by) or failed >= policies.retries:
        return intent
    return replace(intent, retry_attempt=len(record.attempts) + 1)
