"""An app of gevent, as its pages say that one begins."""

from gevent import monkey

monkey.patch_all()

from patched_tasks import session  # noqa: E402, F401
