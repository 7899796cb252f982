"""Packs records of many runs that differ only in their id and parameters, fast."""

from typing import Final

from rtd.common.text_of import pack_plain
from rtd.model.run_record import RECORD_SCHEMA, RunSpec

_FIELDS_BEFORE_ID: Final = bytes([0x90 | (1 + len(RunSpec._fields))]) + pack_plain(RECORD_SCHEMA)
_ID_HEADER: Final = bytes([0xA0 | 26])
_RECORD_HEAD: Final = b"q\x93"
#: No attempts yet, no end.
_RECORD_TAIL: Final = b"\x90\xc0"


class RunTemplate:
    """Everything of a spec but its id and parameters, packed once.

    Args:
        spec: the run to submit; its `id` and `params` are ignored.
    """

    __slots__ = ("_after_params", "_task")

    def __init__(self, spec: RunSpec) -> None:
        self._task: bytes = pack_plain(spec.task)
        self._after_params = b"".join(pack_plain(field) for field in spec[3:])

    def record(self, run_id: str, params: bytes) -> bytes:
        """Return the same bytes as `new_record` for this id (a ULID) and these parameters."""
        blob = b"".join(
            (
                _FIELDS_BEFORE_ID,
                _ID_HEADER,
                run_id.encode(),
                self._task,
                _bin_header(len(params)),
                params,
                self._after_params,
            )
        )
        return b"".join((_RECORD_HEAD, _bin_header(len(blob)), blob, _RECORD_TAIL))


def _bin_header(length: int) -> bytes:
    if length < 1 << 8:
        return b"\xc4%c" % length
    if length < 1 << 16:
        return b"\xc5" + length.to_bytes(2, "big")
    return b"\xc6" + length.to_bytes(4, "big")
