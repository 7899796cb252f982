"""The control plane: one process, one thread, one event loop, none of the user's code.

From top to bottom: `node`, `startup` and `shutdown` join the parts; then `lifecycle`; `scheduler`
and `explain`; `ending`; `runs` and `pools`; `core`. Each uses only those below it.
"""
