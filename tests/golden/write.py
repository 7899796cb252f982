"""Write the golden data of a release: what it stores, byte for byte.

    python -m tests.golden.write

Run it once at each release, in the project's root and with the code of that release. It makes
the folder `tests/golden/VERSION` and leaves one that exists alone: later releases must go on
reading it. Ids and times are fixed, so two runs of one release give the same bytes (but for the
entries of the event stream, whose ids Redis makes).
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rtd.common.version import VERSION
from tests.golden.write_files import stored_files
from tests.golden.write_records import app_records, packed_values, run_records
from tests.golden.write_redis import redis_keys
from tests.golden.write_zygote import zygote_frames


def main() -> None:
    """Write all files of this version."""
    folder = Path(__file__).parent / VERSION
    if folder.exists():
        sys.exit(f"{folder} exists: the golden data of a release never changes")
    folder.mkdir()
    _write_json(folder / "run_records.json", run_records())
    _write_json(folder / "values.json", packed_values())
    _write_json(folder / "app.json", app_records())
    _write_json(folder / "zygote_frames.json", zygote_frames())
    with TemporaryDirectory(prefix="rtd-golden-") as home:
        _write_json(folder / "redis.json", redis_keys(Path(home)))
        for name, blob in stored_files(Path(home)).items():
            (folder / name).write_bytes(blob)


def _write_json(path: Path, data: Any) -> None:
    """Bytes are written as their hexadecimal digits."""
    path.write_text(json.dumps(data, indent=1, default=bytes.hex) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
