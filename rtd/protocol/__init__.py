"""The protocol of the control socket: frames, and each verb declared once.

A new verb is declared in the module of its subject; see `rtd.protocol.verbs`.
"""
