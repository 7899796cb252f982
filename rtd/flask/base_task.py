"""A task of a Flask app: called like its function, and queued by `apply`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rtd.common.errors import BadRequest, PolicyError
from rtd.common.text_of import show_value
from rtd.model.words.other_options import QUEUE_CALLS, rtd_option
from rtd.session.tasks.func_task import FuncTask

if TYPE_CHECKING:
    from rtctl.client.run import Run
    from rtd.flask.eager_run import EagerRun


class BaseTask(FuncTask):
    """A task that `define_task` has made. It is called like the function.

    ```python
    run = email_task.apply(to="ann@example.com")
    print(run.result(timeout=60))
    ```
    """

    def apply(self, payload: Mapping[str, Any] | None = None, /, **params: Any) -> Run | EagerRun:
        """Queue a run and return it, at once.

        Args:
            payload: the parameters as a map; `params` come on top. Of `request.form` and other
                maps with several values for a name it is the first one.
            params: the parameters.

        Raises:
            DaemonUnreachable: no daemon answers.
            RtdError: the task does not take these parameters, or they cannot be stored.
            RuntimeError: there are several Flask apps, and none of them is the current one.
        """
        return self._submit(_merged(payload, params), {})

    def apply_with(
        self, payload: Mapping[str, Any] | None = None, /, **options: Any
    ) -> Run | EagerRun:
        """Queue a run with options: `task.apply_with({"order": 7}, key="order-7", delay="5m")`.

        Args:
            payload: the parameters as a map.
            options: `key` (your own name of the run: of two submits with the same one only the
                first makes a run), `delay`, `at`, `queue`, `priority`, `headers`, and the other
                options of a submit.

        Raises:
            RtdError: as `apply`; or an option that cannot be used.
        """
        try:
            return self._submit(_merged(payload, {}), options)
        except PolicyError as error:
            raise _explained(error, options) from None

    def __getattr__(self, name: str) -> Any:
        if name in QUEUE_CALLS:
            raise AttributeError(
                f"task {self.name!r} has no attribute {name!r}: queue a run with apply(name=value),"
                " with options by apply_with({...}, delay='5m')"
            )
        return super().__getattr__(name)

    def _submit(self, params: dict[str, Any], options: dict[str, Any]) -> Run | EagerRun:
        submitted: Run | EagerRun = self.session.holder.submit(self, params, options)
        return submitted


def _explained(error: PolicyError, options: Iterable[str]) -> PolicyError:
    """Return the error for an unknown option with what is meant by it: mostly a parameter."""
    name = next((name for name in options if f"unknown policy {name!r}" in error.sentence), None)
    if name is None:
        return error
    if hint := rtd_option(name, "submit"):
        return PolicyError(f"apply_with: {name}= is no option{hint}")
    return PolicyError(
        f"{error.sentence}; what the task gets is one map:"
        f" apply_with({{{name!r}: ...}}, delay='5m')"
    )


def _merged(payload: Any, params: dict[str, Any]) -> dict[str, Any]:
    if payload is None:
        return params
    if not isinstance(payload, Mapping):
        raise BadRequest(
            f"apply takes parameters by name or as one map, not {show_value(payload)}:"
            " task.apply(name=value)"
        )
    return {**payload, **params}
