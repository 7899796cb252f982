"""The zygote: imports the app once, forks executors, and carries out the supervisor's commands.

A new command is declared in `rtd.protocol.zygote_messages`; its handler is a method of
`rtd.executor.zygote.command_handler.CommandHandler`.
"""
