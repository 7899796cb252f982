"""The asyncio client. `client`, `run` and `bound_task` are made from `rtctl.client`."""
