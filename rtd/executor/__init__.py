"""The child side: the zygote that imports the app and forks, and the executors it forks."""
