"""The condition language: texts such as `daily after 08:00 & after task 'fetch' succeeded`.

`parser` reads a text with the leaves of a `grammar`, `suggestions` finds the nearest valid form of
a wrong one; `time_conditions`, `task_conditions` and `resource_conditions` make the same conditions
as objects; `three_valued` evaluates one some of whose custom parts have no value yet. `core` has
the condition and the view that it is evaluated with, `leaves` a leaf a file, `time` and `text` how
times and names in a leaf are read. Users import `rtd.conditions`.
"""
