"""An app whose tasks are given parameters, for tests of what they get."""

import asyncio
import os
import subprocess
import time
from typing import Any

from rtd import Session, current_run
from rtd.arguments import Arg, EnvArg, FuncArg, Private, Return
from rtd.parameters import FuncParam

session = Session()
session.parameters["region"] = "north"
session.parameters["token"] = Private("s3cret")
session.parameters["limits"] = [1, 2]


@FuncParam()
def friend_list(region: str) -> list[str]:
    print("asked for friends")
    return [f"anna of {region}", str(os.getpid())]


@FuncParam()
def broken() -> None:
    raise ValueError("no such luck")


@FuncParam(name="slept")
def sleeps() -> None:
    time.sleep(60)


async def later() -> int:
    await asyncio.sleep(0)
    print("asked for later")
    return id(asyncio.get_running_loop())


async def never(session: Session) -> None:
    try:
        await asyncio.sleep(60)
    finally:
        print("never was cancelled")


@session.task()
def announce(friend_list: list[str], extra: str = "none") -> list[Any]:
    return [*friend_list, str(os.getpid()), extra]


@session.task(parameters={"region": "south", "list": [1]})
def own(region: str, list: list[int], limits: list[int]) -> Any:
    list.append(2)
    limits.append(3)
    return [region, list, limits]


@session.task(lane="thread")
def in_thread(friend_list: list[str]) -> Any:
    return friend_list[0]


@session.task(parameters={"late": FuncArg(later)})
async def in_loop(late: int, friend_list: list[str]) -> Any:
    return ["same" if late == id(asyncio.get_running_loop()) else "another", friend_list[0]]


@session.task(parameters={"x": FuncArg(never)}, timeout=0.3)
async def waits_in_loop(x: None) -> None:
    raise AssertionError("it must not get here")


@session.task(fresh=True)
def in_fresh(friend_list: list[str], day: Any = Return("get_data", "none")) -> Any:  # noqa: B008
    return [friend_list[0], day, int(friend_list[1]) == os.getpid()]


@session.task(lane="main", parameters={"home": EnvArg("FILLED_HOME"), "place": Arg("region")})
def in_main(home: str, place: str) -> Any:
    return [home, place]


@session.task(parameters={"secret": Private({"pin": 82647193})})
def careless(secret: Any) -> None:
    subprocess.Popen(["sleep", str(secret["pin"])])


@session.task(parameters={"secret": Private({"pin": 82647193})})
def secretive(token: str, secret: Any) -> bool:
    return (token, secret) == ("s3cret", {"pin": 82647193}) or token


@session.task(retries=1, backoff=0)
def unlucky(broken: None) -> None:
    raise AssertionError("it must not get here")


async def interrupts() -> None:
    raise KeyboardInterrupt


@session.task(parameters={"x": FuncArg(interrupts)})
async def interrupted_in_loop(x: None) -> None:
    raise AssertionError("it must not get here")


@session.task(parameters={"x": FuncArg(interrupts)})
def interrupted(x: None) -> None:
    raise AssertionError("it must not get here")


@session.task(timeout=0.3)
def waits(slept: None) -> None:
    raise AssertionError("it must not get here")


@session.task(parameters={"day": Return("missing")})
def misdirected(day: Any) -> Any:
    return day


@session.task()
def get_data(data: Any = None) -> Any:
    return data


@session.task(parameters={"mydata": Return("get_data")})
def process_data(mydata: Any) -> Any:
    return mydata


@session.task(start_cond="after task 'get_data'", parameters={"mydata": Return(get_data)})
def follow(mydata: Any) -> Any:
    return [mydata, current_run().task]


@session.task(start_cond="param 'region' is 'east' & every 100 ms")
def eastern(region: str) -> str:
    return region


@session.task(start_cond="daily")
def incomplete(day: str) -> str:
    return day
