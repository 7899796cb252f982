"""The handlers of the verbs, a file each or a file for a group.

A handler is a function marked with `rtd.rpc.core.verb_handlers.handles`; the dispatcher imports all
files of this folder.
"""
