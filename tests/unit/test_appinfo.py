"""What an app says of itself comes through the wire as it was."""

from rtd.model.app_info import AppInfo, CustomInfo, Fault, Logged
from rtd.protocol import frames


def test_all_of_it_comes_through_the_wire_as_it_was() -> None:
    info = AppInfo(
        settings={"lanes.process.max": 3},
        custom={"is foo": CustomInfo("foo", {"a": "1"})},
        returned=("a", "b"),
        past=(Logged("a", "success", 1.5),),
        faults=(Fault("hook", "h", "raised", 2.0),),
        cycle_s=0.5,
    )
    for given in (AppInfo(), info):
        (message,) = frames.Decoder().feed(frames.notification("hello", given.to_dict()))
        assert isinstance(message, frames.Notification)
        assert AppInfo.from_dict(message.params) == given
