"""Writes all generated files: `python -m tools.generate_client [--check]` (`make generate`).

From the declared verbs and policies: `rtctl/generated/` with typed methods, plain and for asyncio
(`verbs`, `async_verbs`), the types of their answers (`shapes`, `answers`), what rtctl knows of
each verb (`verb_table`) and the options of a submit (`run_options`); the page
`docs/reference/protocol.md`, and the tables of other pages, see `tools.made_parts`. From the
blocking client: `rtctl/aio/`, see `tools.make_async`. From both command lines: `docs/man/`, see
`tools.generate_man`.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

from rtd.common.package_root import PACKAGE_ROOT
from tools import client_sources, generate_man, made_parts, make_async
from tools.generate_protocol_page import page

ROOT: Final = Path(PACKAGE_ROOT).parent


def _formatted(path: Path, source: str) -> str:
    """Return the source of a file as `ruff` sorts and formats it."""
    for words in (["check", "--select", "I", "--fix"], ["format"]):
        command = [sys.executable, "-m", "ruff", *words, "--quiet", "--stdin-filename", str(path)]
        done = subprocess.run(
            [*command, "-"], input=source, capture_output=True, text=True, check=True, cwd=ROOT
        )
        source = done.stdout
    return source


def outputs() -> dict[Path, str]:
    """Return every generated file and the text that it should hold."""
    generated, client = ROOT / "rtctl" / "generated", ROOT / "rtctl" / "client"
    sources = {
        generated / "verbs.py": client_sources.verbs_source(asynchronous=False),
        generated / "async_verbs.py": client_sources.verbs_source(asynchronous=True),
        generated / "verb_table.py": client_sources.verb_table_source(),
        generated / "run_options.py": client_sources.run_options_source(),
        generated / "shapes.py": client_sources.shapes_source(),
        generated / "answers.py": client_sources.answers_source(),
    }
    for name in make_async.MADE:
        made = f"Made by `python -m tools.generate_client` from `rtctl/client/{name}.py`."
        text = make_async.async_source(name, (client / f"{name}.py").read_text(), made)
        sources[ROOT / "rtctl" / "aio" / f"{name}.py"] = text
    files = {path: _formatted(path, source) for path, source in sources.items()}
    manual = {ROOT / "docs" / "man" / name: text for name, text in generate_man.pages().items()}
    tables = made_parts.pages(ROOT / "docs")
    return {**files, ROOT / "docs/reference/protocol.md": page(), **manual, **tables}


def main(arguments: list[str]) -> int:
    """Write the generated files, or with `--check` report those that are not current."""
    wanted = outputs()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not current: run python -m tools.generate_client")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
