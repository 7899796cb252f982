"""Parameters of the session: given to every task that names them."""

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
    """Who is told about news, one address a line. Read before each run that names it."""
    lines = (DATA / "friends.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip()]
