"""The shape of a connection that the generated methods call. Never imported at run time."""

from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any, Protocol, TypeVar

Part_co = TypeVar("Part_co", covariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)


class Call(Protocol):
    """Send a request and return the answer."""

    def __call__(self, method: str, params: dict[str, Any], repeatable: bool = True) -> Any: ...


class AsyncCall(Protocol):
    """The same for asyncio."""

    def __call__(
        self, method: str, params: dict[str, Any], repeatable: bool = True
    ) -> Awaitable[Any]: ...


class Stream(Protocol[Part_co, Answer_co]):
    """The parts of a streamed answer. `answer` is set after the last part."""

    @property
    def answer(self) -> Answer_co | None: ...
    def __iter__(self) -> Iterator[Part_co]: ...
    def next_within(self, seconds: float | None) -> Part_co | None: ...
    def close(self) -> None: ...


class AsyncStream(Protocol[Part_co, Answer_co]):
    """The same for asyncio."""

    @property
    def answer(self) -> Answer_co | None: ...
    def __aiter__(self) -> AsyncIterator[Part_co]: ...
    async def next_within(self, seconds: float | None) -> Part_co | None: ...
    async def aclose(self) -> None: ...


class OpenStream(Protocol):
    """Send a request whose answer is streamed."""

    def __call__(self, method: str, params: dict[str, Any]) -> Stream[Any, Any]: ...


class AsyncOpenStream(Protocol):
    """The same for asyncio."""

    def __call__(self, method: str, params: dict[str, Any]) -> AsyncStream[Any, Any]: ...
