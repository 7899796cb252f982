"""What malloc keeps of freed memory goes back to the system."""

import platform

import psutil
import pytest

from rtd.common.malloc_tuning import give_back_memory


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc keeps so much")
def test_freed_memory_goes_back_though_a_block_behind_it_is_in_use() -> None:
    process, size = psutil.Process(), 100_000
    blocks = [b"x" * size for _ in range(1000)]
    last = b"y" * size
    del blocks
    before = process.memory_info().rss
    give_back_memory()
    assert before - process.memory_info().rss > 50 << 20
    assert len(last) == size
