"""An app whose tasks are given parameters, for tests of what they get."""

import os
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
    import time

    time.sleep(60)


async def later() -> str:
    return "later"


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
async def in_loop(late: str, friend_list: list[str]) -> Any:
    return [late, friend_list[0]]


@session.task(fresh=True)
def in_fresh(friend_list: list[str], day: Any = Return("get_data", "none")) -> Any:  # noqa: B008
    return [friend_list[0], day, int(friend_list[1]) == os.getpid()]


@session.task(lane="main", parameters={"home": EnvArg("FILLED_HOME"), "place": Arg("region")})
def in_main(home: str, place: str) -> Any:
    return [home, place]


@session.task(parameters={"secret": Private({"pin": 4711})})
def secretive(token: str, secret: Any) -> bool:
    return (token, secret) == ("s3cret", {"pin": 4711}) or token


@session.task(retries=1, backoff=0)
def unlucky(broken: None) -> None:
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
