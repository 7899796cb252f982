"""Files that a group may write: only where the group is one user's own, as its members show."""

import grp
import os
import pwd
import struct
from pathlib import Path

import pytest

from rtd.config.file_owners import content_fault, folder_fault
from tests.helpers.other_user import needs_root

pytestmark = needs_root

#: An access list as the kernel stores it: (tag, permissions, id), here with one more user.
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry)
    for entry in (
        (1, 6, 0xFFFFFFFF), (2, 6, 1234), (4, 4, 0xFFFFFFFF), (16, 6, 0xFFFFFFFF),
        (32, 4, 0xFFFFFFFF),
    )
)  # fmt: skip


def fault(path: Path, gid: int) -> str | None:
    os.chown(path, 0, gid)
    path.chmod(0o664 if path.is_file() else 0o775)
    return content_fault(path, path.stat()) if path.is_file() else folder_fault(path)


@pytest.mark.parametrize("is_folder", [False, True])
def test_the_private_group_of_root_may_write_and_others_may_not(
    folder: Path, is_folder: bool
) -> None:
    path = folder / "x"
    path.mkdir() if is_folder else path.touch()
    assert fault(path, 0) is None
    assert "others may write" in str(fault(path, grp.getgrnam("daemon").gr_gid))
    assert "others may write" in str(fault(path, 54321)), "a group without a name"
    other = next(user for user in pwd.getpwall() if user.pw_uid not in (0, os.getuid()))
    assert "others may write" in str(fault(path, other.pw_gid)), "another user's private group"


def test_a_private_group_with_a_further_member_is_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's own list of groups is not changed for a test."""
    path = folder / "x"
    path.touch()
    root = grp.getgrgid(0)
    more = grp.struct_group((root.gr_name, root.gr_passwd, 0, ["anna"]))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: more)
    assert "others may write" in str(fault(path, 0))


def test_an_access_list_counts(folder: Path) -> None:
    path = folder / "x"
    path.touch()
    assert fault(path, 0) is None
    try:
        os.setxattr(path, "system.posix_acl_access", ACL)
    except OSError as error:
        pytest.skip(f"no access lists here: {error.strerror}")
    assert "others may write" in str(content_fault(path, path.stat()))
