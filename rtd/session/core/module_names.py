"""How a Python file is called as a module, and what has to be on `sys.path` for that."""

from pathlib import Path


def package_root(path: Path) -> tuple[Path, str]:
    """The folder above a file's outermost package, and the file's dotted name from there."""
    names = [] if path.stem == "__init__" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        names.insert(0, folder.name)
        folder = folder.parent
    return folder, ".".join(names)
