"""A task of a Flask app: called like its function, and queued by `apply`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rtd.common.errors import BadRequest
from rtd.common.text_of import show_value
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
            payload: the parameters as a map; `params` come on top.
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
        """Queue a run with options: `task.apply_with({"order": 7}, id="order-7", delay="5m")`.

        Args:
            payload: the parameters as a map.
            options: `id` (an id of your own: of two submits with the same one only the first makes
                a run), `delay`, `at`, `queue`, `priority`, `headers`, and the other options of a
                submit.

        Raises:
            RtdError: as `apply`; or an option that cannot be used.
        """
        return self._submit(_merged(payload, {}), options)

    def _submit(self, params: dict[str, Any], options: dict[str, Any]) -> Run | EagerRun:
        submitted: Run | EagerRun = self.session.holder.submit(self, params, options)
        return submitted


def _merged(payload: Any, params: dict[str, Any]) -> dict[str, Any]:
    if payload is None:
        return params
    if not isinstance(payload, Mapping):
        raise BadRequest(
            f"apply takes parameters by name or as one map, not {show_value(payload)}:"
            " task.apply(name=value)"
        )
    return {**payload, **params}
