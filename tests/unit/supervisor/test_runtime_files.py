"""Files of a daemon that others remove, in the moments when that is hard to see."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rtd.config.paths import DaemonPaths
from rtd.process.events.inotify import FolderWatch
from rtd.supervisor.core.jobs import Jobs
from rtd.supervisor.lifecycle.runtime_files import RuntimeFiles


def test_a_file_that_goes_just_before_its_folder_is_watched_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = DaemonPaths(tmp_path / "run", tmp_path / "state", tmp_path / "run/rtd.sock")
    file = paths.runtime_dir / "file"
    watch = FolderWatch.watch

    def late(self: FolderWatch, folders: Mapping[str, frozenset[str] | None]) -> bool:
        monkeypatch.setattr(FolderWatch, "watch", watch)
        file.unlink()
        return self.watch(folders)

    async def main() -> None:
        files = RuntimeFiles(cast(Any, SimpleNamespace(paths=paths, jobs=Jobs())))
        files.add(file, file.touch)
        monkeypatch.setattr(FolderWatch, "watch", late)
        files.start()
        files.stop()

    asyncio.run(main())
    assert file.exists()
