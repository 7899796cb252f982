"""The parts that all folders of the supervisor share: context, log, registry of executors, kit.

A module here imports no other folder of the supervisor.
"""
