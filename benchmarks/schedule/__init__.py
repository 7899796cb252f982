"""The section `schedule`: tasks with start conditions, idle and firing, rtd beside its peers.

`mix` and `meter` use nothing but the standard library: they are imported in every environment.
"""
