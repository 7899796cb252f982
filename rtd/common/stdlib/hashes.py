"""Hash functions of Python's own, not of OpenSSL.

`hashlib` loads OpenSSL: 3 MB in each process that needs nothing else of it, and a page table that
each fork copies. The values are the same.
"""

from typing import TYPE_CHECKING

__all__ = ["blake2b", "sha1", "sha256"]

if TYPE_CHECKING:
    from hashlib import blake2b, sha1, sha256
else:
    try:
        from _blake2 import blake2b
        from _sha1 import sha1

        try:
            from _sha2 import sha256  # Python 3.12
        except ImportError:
            from _sha256 import sha256
    except ImportError:  # a Python that was built without them
        from hashlib import blake2b, sha1, sha256
