"""Parameters of the app: every task that names them gets them."""

import os
from pathlib import Path

from rtd.parameters import FuncParam

#: Where the project keeps its files: PROJECT_DATA, else `data` beside this file.
DATA = Path(os.environ.get("PROJECT_DATA") or Path(__file__).parent / "data")


@FuncParam()
def data_folder():
    """Where the project keeps its files."""
    return DATA


@FuncParam()
def friend_list():
    """Return the receivers of news, one address a line; called before each run."""
    lines = (DATA / "friends.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip()]
