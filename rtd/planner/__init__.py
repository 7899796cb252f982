"""When tasks start: pure scheduling on a clock that the caller gives, without I/O.

`rtd.planner.planner.Planner` joins the parts. The daemon and `rtd simulate` drive the same planner.
Times are UTC microseconds (`_us`).
"""
