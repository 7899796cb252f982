"""Parameters: the kinds of arguments, and how a run gets its values. A new kind is a subclass of
`rtd.session.parameters.argument.Argument`, exported by `rtd.arguments`."""
