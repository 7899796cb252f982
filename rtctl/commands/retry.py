"""`rtctl retry`"""

from __future__ import annotations

from rtctl.outcome import code_of_outcomes
from rtctl.outcomes import show_outcomes
from rtd.model.ids import new_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.context import Context

USAGE = "retry RUN ..."
FLAGS = ()
MORE = """Submits runs that are over once more, with the same parameters and options. What is over
never changes, so these are new runs; their ids are printed."""


def run(context: Context) -> int:
    """Submit them again; the new ids are the answer."""
    targets = context.targets()
    outcomes = context.rpc.retry(runs=targets, ids=new_ids(len(targets)))["runs"]
    show_outcomes(context, outcomes, lambda outcome: [str(outcome["new"])])
    return code_of_outcomes(outcomes)
