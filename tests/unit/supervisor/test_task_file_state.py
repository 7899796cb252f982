"""When an app is reloaded for its task files."""

from rtd.supervisor.pools.task_file_state import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    ReloadDecision,
    TaskFileState,
)

OLD, NEW, NEWER = ("old",), ("new",), ("newer",)


def decide(
    state: TaskFileState, found: tuple[str, ...], error: str | None = None, is_first: bool = False
) -> ReloadDecision:
    return state.decide(found, OLD, error, is_first=is_first)


def test_files_that_are_served_need_no_reload() -> None:
    assert decide(TaskFileState(), OLD) is ReloadDecision.NOTHING


def test_changed_files_are_tried_once() -> None:
    state = TaskFileState()
    assert decide(state, NEW) is ReloadDecision.CHANGED
    assert decide(state, NEW) is ReloadDecision.NOTHING
    assert decide(state, NEWER) is ReloadDecision.CHANGED


def test_files_may_be_tried_again_once_an_app_serves() -> None:
    state = TaskFileState()
    decide(state, NEW)
    state.on_app_change(None)
    assert decide(state, NEW) is ReloadDecision.CHANGED


def test_files_that_change_at_each_import_are_waited_for() -> None:
    state = TaskFileState()
    assert decide(state, NEW, is_first=True) is ReloadDecision.CHANGED
    state.on_app_change(None)
    assert decide(state, NEWER, is_first=True) is ReloadDecision.WAIT
    assert decide(state, NEWER) is ReloadDecision.CHANGED


def test_the_waits_grow_until_the_served_files_are_current() -> None:
    state = TaskFileState(changed_at_import=True)
    waits = [state.backoff.next_s() for _ in range(10)]
    assert (waits[0], waits[1], waits[-1]) == (FIRST_WAIT_S, 2 * FIRST_WAIT_S, LONGEST_WAIT_S)
    decide(state, OLD)
    assert (state.changed_at_import, state.backoff.next_s()) == (False, FIRST_WAIT_S)


def test_an_app_that_did_not_import_is_tried_again_with_the_served_files() -> None:
    state = TaskFileState()
    decide(state, NEW)
    assert decide(state, OLD, error="broken") is ReloadDecision.RETRY_IMPORT
    assert decide(state, OLD, error="broken") is ReloadDecision.NOTHING
    assert decide(state, OLD, error="broken otherwise") is ReloadDecision.RETRY_IMPORT


def test_an_error_that_the_files_do_not_cause_is_no_reason() -> None:
    state = TaskFileState()
    state.on_app_change("broken")
    assert decide(state, OLD, error="broken") is ReloadDecision.NOTHING
