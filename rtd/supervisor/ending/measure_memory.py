"""What the process tree of a run uses, measured as closely as a bound on it needs."""

from typing import Final

from rtd.process.tree.process_tree import ProcessTree, read_tree

#: No bound: any figure will do.
NO_BOUND: Final = 1 << 62


def memory_of(pid: int, tree: ProcessTree, bound_bytes: int) -> int:
    """The memory of a tree, in bytes.

    In the cheap figure a page that forks share counts in each of them, so it is never less than
    the truth: it is given if it is not above the bound. Else the tree is looked at more closely,
    at about ten times the cost, and a shared page counts once.

    Args:
        pid: the root of the tree.
        tree: a cheap look at it.
        bound_bytes: what it must be above to matter.
    """
    used = tree.memory_bytes
    return used if used <= bound_bytes else read_tree(pid, exact=True).memory_bytes
