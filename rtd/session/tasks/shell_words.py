"""Signs of a shell in a command that no shell reads: `|`, `>`, `&&`, `$HOME`, `*`, `~/`."""

import re
from typing import Final

#: What quotes or a backslash protect; of double quotes, only what has no variable in it.
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"$`]*\"|\\.")
#: The whole of a word, or at its beginning or end: a URL may have most of them inside.
_SIGN: Final = re.compile(
    r"(?:^|(?<=\s))(?:(\|\|?|&&?|;|\d?>>?(?:&\d)?|<)(?=\s|$)|(\d?>>?|<)(?=[\w./&])|(~)(?=/|\s|$))"
    r"|(;)(?=\s)|(\$)(?=[\w({])|(`)|(?<![?=])(\*)"
)


def shell_sign(command: str) -> str:
    """Return the first sign that only a shell understands; empty: there is none."""
    match = _SIGN.search(_QUOTED.sub("x", command))
    return "" if match is None else next(one for one in match.groups() if one)
