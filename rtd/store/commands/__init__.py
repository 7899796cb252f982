"""The commands of the store: each is one atomic step in Redis.

A method of one of the `...Commands` classes builds it; `rtd.store.commands.commands` joins the
classes. To add one: a script in `rtd/store/lua` if plain Redis commands do not do, a method here,
a test in `tests/contract/store`.
"""
