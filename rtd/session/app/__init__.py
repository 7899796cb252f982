"""The app in a zygote or executor: loading it, its manifest, its hooks, and rtd's own tasks."""
