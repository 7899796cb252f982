"""The ways to carry out runs, a module each.

To add one: a subclass of `rtd.executor.lanes.base_lane.BaseLane` (most likely of `SerialLane` or
`ConcurrentLane`), a row in `rtd.model.lanes.LANES`, a row in docs/guides/lanes.md.
"""
