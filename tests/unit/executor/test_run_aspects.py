"""Aspects surround a run in order, and a run pays only for those that it has."""

from rtd.common.ids import new_id
from rtd.common.msgpack_values import pack
from rtd.executor.aspects.run_aspects import AspectCalls, RunAspects
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.run_aspect import RunAspect
from rtd.model.policies import Policies
from rtd.model.run_record import RunSpec, new_record


def leased(task: str = "report", **opts: object) -> LeasedRun:
    spec = RunSpec(new_id(), task, pack({}), "process", "default", 0, 0.0, opts, "test", None)
    return LeasedRun(new_record(spec), {})


class Recorder(RunAspect):
    """Writes down when it is entered and left."""

    def __init__(self, name: str, diary: list[str], min_expected_s: float = 0.0) -> None:
        self.name = name
        self.diary = diary
        self.min_expected_s = min_expected_s

    def enter(self, outcome: AttemptOutcome) -> None:
        self.diary.append(f"enter {self.name}")

    def leave(self, outcome: AttemptOutcome) -> None:
        self.diary.append(f"leave {self.name}")


class OfPolicy(Recorder):
    """The aspect of a policy, as `nice` would be: for runs with a timeout."""

    asked = 0

    def applies(self, policies: Policies) -> bool:
        self.asked += 1
        return policies.timeout_s is not None


class OnlyLeaves(RunAspect):
    """Has nothing to do before a run."""

    def leave(self, outcome: AttemptOutcome) -> None:
        outcome.add_note("left")


def go_through(steps: AspectCalls, work: LeasedRun) -> AttemptOutcome:
    outcome = AttemptOutcome(work)
    for step in (*steps.enters, *steps.leaves):
        step(outcome)
    return outcome


def test_the_aspect_that_is_entered_first_is_left_last() -> None:
    diary: list[str] = []
    aspects = RunAspects([Recorder("outer", diary), Recorder("inner", diary)])
    work = leased()
    go_through(aspects.select(work, 0.0), work)
    assert diary == ["enter outer", "enter inner", "leave inner", "leave outer"]


def test_a_method_that_an_aspect_does_not_define_is_not_called() -> None:
    aspects = RunAspects([OnlyLeaves(), RunAspect()])
    steps = aspects.select(leased(), 0.0)
    assert (len(steps.enters), len(steps.leaves)) == (0, 1)
    assert go_through(steps, leased()).note == "left"


def test_runs_that_are_expected_to_be_short_go_without_the_aspects_of_long_ones() -> None:
    diary: list[str] = []
    aspects = RunAspects([Recorder("measure", diary, 0.001), Recorder("title", diary, 0.002)])
    counts = [len(aspects.select(leased(), s).enters) for s in (0.0005, 0.001, 0.0015, 0.002, 9.0)]
    assert counts == [0, 1, 1, 2, 2]
    assert len(aspects.select(leased(), 0.0).enters) == 0


def test_the_choice_is_made_once_for_a_task() -> None:
    aspects = RunAspects([Recorder("measure", [], 0.001)])
    chosen = aspects.select(leased(), 0.5)
    assert aspects.select(leased(timeout_s=1.0), 0.7) is chosen


def test_an_aspect_of_a_policy_surrounds_only_runs_with_that_policy() -> None:
    aspect = OfPolicy("policy", [])
    aspects = RunAspects([aspect])
    for _ in range(3):
        assert aspects.select(leased(), 0.0).enters == ()
    assert aspect.asked == 1
    assert len(aspects.select(leased(timeout_s=1.0), 0.0).enters) == 1
    assert aspects.select(leased(), 0.0).enters == ()


def test_there_is_time_for_all_aspects_when_the_executor_is_idle() -> None:
    class Mender(RunAspect):
        mended = 0

        def on_idle(self) -> None:
            self.mended += 1

    long, short = Mender(), Mender()
    long.min_expected_s = 5.0
    RunAspects([long, short]).on_idle()
    assert (long.mended, short.mended) == (1, 1)


class OfChild(OfPolicy):
    """Changes the process of a run."""

    def enter_child(self, work: LeasedRun) -> None:
        self.diary.append(f"child {self.name} of {work.task}")


def test_a_child_forked_ahead_is_prepared_by_the_aspects_of_its_run() -> None:
    diary: list[str] = []
    aspects = RunAspects([Recorder("title", diary), OfChild("limit", diary)])
    aspects.enter_child(leased())
    assert diary == []
    aspects.enter_child(leased(timeout_s=1.0))
    assert diary == ["child limit of report"]
