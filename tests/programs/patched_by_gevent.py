"""An app of gevent, as its pages say that one begins."""

from gevent import monkey

monkey.patch_all()

import gevent  # noqa: E402
from patched_tasks import session  # noqa: E402


@session.task(lane="greenlet")
def in_greenlet(x: int) -> int:
    gevent.sleep(0.001)
    return x + 1


@session.task(lane="greenlet")
def waits_in_greenlet() -> None:
    gevent.sleep(3600)
