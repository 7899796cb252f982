"""Followers of events are woken some at a time: a group may have thousands."""

import asyncio

from rtd.supervisor.events.event_tail import WAKES, wake_in_turns


def test_thousands_of_followers_are_woken_in_turns() -> None:
    async def main() -> None:
        events = [asyncio.Event() for _ in range(4 * WAKES)]
        waking = asyncio.ensure_future(wake_in_turns(events))
        steps = []
        while not waking.done():
            before = sum(event.is_set() for event in events)
            await asyncio.sleep(0)
            steps.append(sum(event.is_set() for event in events) - before)
        assert max(steps) == WAKES
        assert all(event.is_set() for event in events)

    asyncio.run(main())
