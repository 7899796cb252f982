"""A task in each lane that writes what it gets."""

from rtd import Session

session = Session()


def say(text: str, times: int = 1) -> None:
    for _ in range(times):
        print(text)


@session.task()
def process(text: str, times: int = 1) -> None:
    say(text, times)


@session.task(fresh=True)
def fresh(text: str, times: int = 1) -> None:
    say(text, times)


@session.task(lane="thread")
def thread(text: str, times: int = 1) -> None:
    say(text, times)


@session.task(lane="main")
def main(text: str, times: int = 1) -> None:
    say(text, times)


@session.task(lane="async")
async def coroutine(text: str, times: int = 1) -> None:
    say(text, times)
