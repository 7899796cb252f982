"""The section `schedule`: tasks with start conditions, idle and firing, rtd beside its peers.

`mix` and `meter` use only the standard library: every environment imports them.
"""
