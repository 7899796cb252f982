"""The commands of rtctl, one file each, named as the command.

A file has `USAGE` (the words after `rtctl`), `FLAGS`, `MORE` (further help) and
`run(context) -> exit code`, and may have `TAKES_TAIL` (the words after `--` are a command). The
summary of a command stands with its verb in `rtd.protocol`, or in `rtctl.cli.command_table`.
"""
