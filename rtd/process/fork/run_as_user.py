"""Running commands as another user."""

import grp
import pwd
from collections.abc import Mapping
from typing import NamedTuple

from rtd.common.errors import ConfigError, NotPermitted
from rtd.common.stdlib.originals import os

__all__ = ["Account", "find_account"]


class Account(NamedTuple):
    """A user: numbers for the kernel, the rest for the environment."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str
    shell: str

    def environment(self, ours: Mapping[str, str]) -> dict[str, str]:
        """Return an environment with nothing but HOME, USER, LOGNAME and SHELL of the account, and
        PATH and LANG of ours."""
        env = {name: ours[name] for name in ("PATH", "LANG") if name in ours}
        env |= {"HOME": self.home, "USER": self.name, "LOGNAME": self.name}
        return {**env, "SHELL": self.shell or "/bin/sh"}

    @property
    def popen_options(self) -> dict[str, int | list[int]]:
        """Options for `subprocess.Popen`; empty when this process runs as the account."""
        if (self.uid, self.gid) == (os.geteuid(), os.getegid()):
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups)}


def find_account(text: str) -> Account:
    """Return the account of `user`, `user:group` or numbers.

    Raises:
        ConfigError: there is no such user or group here.
        NotPermitted: it is another account and this process is not root.
    """
    user, _, group = text.partition(":")
    entry = _user(user)
    gid = _group(group) if group else entry.pw_gid
    if os.geteuid() != 0 and (entry.pw_uid, gid) != (os.geteuid(), os.getegid()):
        raise NotPermitted(f"only root can run as {text!r}; rtd runs as uid {os.geteuid()}")
    groups = tuple(os.getgrouplist(entry.pw_name, gid))
    return Account(entry.pw_uid, gid, groups, entry.pw_name, entry.pw_dir, entry.pw_shell)


def _user(text: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(int(text)) if text.isdigit() else pwd.getpwnam(text)
    except KeyError:
        raise ConfigError(f"there is no user {text!r} on this machine") from None


def _group(text: str) -> int:
    try:
        return (grp.getgrgid(int(text)) if text.isdigit() else grp.getgrnam(text)).gr_gid
    except KeyError:
        raise ConfigError(f"there is no group {text!r} on this machine") from None
