"""Many numbered requests to a web app, from several threads; none is sent twice."""

import http.client
import threading
from collections.abc import Iterable
from typing import Final

from tests.helpers.deadline import until

_ANSWER_S: Final = 30.0


class NumberedRequests:
    """Posts to `/apply/NUMBER`, each number once, until the last one or the end of the block.

    Args:
        port: of the app.
        numbers: to send; those of `itertools.count` have no end.
        threads: that send them.

    Attributes:
        answered: the numbers whose answer was 202.
        broken: those whose connection broke: nobody knows what became of them.
        others: the answers to the rest.
    """

    def __init__(self, port: int, numbers: Iterable[int], threads: int = 4) -> None:
        self.answered: set[int] = set()
        self.broken: set[int] = set()
        self.others: dict[int, str] = {}
        self._port = port
        self._numbers = iter(numbers)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._send_all, daemon=True) for _ in range(threads)
        ]

    def __enter__(self) -> "NumberedRequests":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._stopped.set()
        self.join()

    def until_answered(self, count: int) -> None:
        """Wait until so many are answered with 202."""
        until(lambda: len(self.answered) >= count, within_s=30, what=f"{count} answers")

    def join(self) -> None:
        """Wait for the last answer."""
        for thread in self._threads:
            thread.join(2 * _ANSWER_S)
            assert not thread.is_alive(), "a request without an end"

    def _send_all(self) -> None:
        while not self._stopped.is_set():
            number = next(self._numbers, None)
            if number is None:
                return
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_ANSWER_S)
            try:
                connection.request("POST", f"/apply/{number}", headers={"Connection": "close"})
                answer = connection.getresponse()
                text = answer.read().decode(errors="replace")
            except (OSError, http.client.HTTPException):
                self.broken.add(number)
                continue
            finally:
                connection.close()
            if answer.status == 202:
                self.answered.add(number)
            else:
                self.others[number] = f"{answer.status} {text[-500:]}"
