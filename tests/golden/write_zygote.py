"""The golden frames of the connection between the supervisor and a zygote."""

from rtd.protocol import zygote_messages as messages
from rtd.protocol.zygote_messages import LANE_SUFFIX_OPTION
from tests.golden.write_records import RUN_ID

_EXEC = "01KAJ3V5Q0E7Z4M2T8W6R1EXE{}"
_OPTIONS = {
    "generation": 3,
    "store_url": "unix:///run/redis",
    "output_dir": "/var/output",
    "concurrency": 1,
}
_PROCESS = messages.StartReport(_EXEC.format(1), "process", 1024, 4301, 1, 100)
_THREAD = messages.StartReport(_EXEC.format(2), "thread", 1025, 4302, 2, 101, "@node-a")
_MAIN = messages.StartReport(_EXEC.format(3), "main", 1027, 4303, 1, 102)
_KILLED = messages.ExitReport(
    **_THREAD._asdict(),
    signal=9,
    cpu_s=1.5,
    max_rss_bytes=4096,
    run_id=RUN_ID,
    runs=(messages.ActiveRunReport(1025, RUN_ID, 2, 12345),),
    killed=[[4302, "rtd", "SIGKILL"]],
    strays=[[4400, "sleep", "SIGKILL"]],
)
_ENDED = messages.ExitReport(
    **_MAIN._asdict(), code=0, cpu_s=0.25, max_rss_bytes=2048, killed=[], strays=[]
)

#: The commands of a supervisor, by the name of the case.
COMMANDS: dict[str, messages.ZygoteMessage] = {
    "spawn": messages.SpawnCommand("process", _OPTIONS, 2),
    "spawn_at_shutdown": messages.SpawnCommand("main", {**_OPTIONS, LANE_SUFFIX_OPTION: "@node-a"}),
    "keep": messages.SparesCommand("fresh", 2, _OPTIONS),
    "ask": messages.StopCommand(_PROCESS.exec_id, 1024, RUN_ID),
    "retire": messages.RetireCommand(_PROCESS.exec_id),
    "kill": messages.KillCommand(_PROCESS.exec_id),
    "ack": messages.ForgetCommand(_PROCESS.exec_id),
    "drain": messages.DrainCommand(),
    "quit": messages.QuitCommand(),
}
#: The reports of a zygote, by the name of the case.
REPORTS: dict[str, messages.ZygoteMessage] = {
    "hello": messages.HelloReport(
        pid=4242,
        ticks=77,
        generation=3,
        slots=[1024, 2048],
        app="app.py",
        manifest={"app": "app.py", "tasks": []},
        error="app app.py does not import: ValueError: no",
        error_place={"file": "app.py", "line": 7},
        warnings=["app app.py has started 1 thread"],
        executors=(_PROCESS,),
        exits=(_KILLED, _ENDED),
        spares=(messages.SparesReport("fresh", 2),),
    ),
    "hello_draining": messages.HelloReport(4242, 77, 3, [1024, 2048], warnings=[], draining=True),
    "born": _PROCESS,
    "born_at_shutdown": _THREAD,
    "gone": _KILLED,
    "gone_idle": _ENDED,
    "error": messages.ErrorReport("no executor for lane process"),
}


def zygote_frames() -> dict[str, bytes]:
    """A frame of each message, as it goes over the socket."""
    return {case: messages.encode(message) for case, message in {**COMMANDS, **REPORTS}.items()}
