"""Readers of task files. A new kind of file is a subclass of
`rtd.session.loaders.py_loader.Loader` with a `read`, exported by `rtd.tasks.loaders`."""
