"""Lane `greenlet` in tests that are for several lanes: it needs gevent, which is an extra."""

from importlib.util import find_spec

import pytest

NEEDS_GEVENT = pytest.mark.skipif(find_spec("gevent") is None, reason="there is no gevent here")
#: As one of the lanes of a parametrized test.
GREENLET = pytest.param("greenlet", marks=NEEDS_GEVENT)
