"""The description of an app comes through the wire as it was."""

from rtd.model.app_info import AppFault, AppInfo, CustomConditionInfo, LoggedAction
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder


def test_all_of_it_comes_through_the_wire_as_it_was() -> None:
    info = AppInfo(
        settings={"lanes.process.max": 3},
        custom={"is foo": CustomConditionInfo("foo", {"a": "1"})},
        returned=("a", "b"),
        past=(LoggedAction("a", "success", 1.5),),
        faults=(AppFault("hook", "h", "raised", 2.0),),
        cycle_s=0.5,
    )
    for given in (AppInfo(), info):
        (message,) = Decoder().feed(frames.encode_notification("hello", given.to_dict()))
        assert isinstance(message, frames.Notification)
        assert AppInfo.from_dict(message.params) == given
