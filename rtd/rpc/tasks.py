"""`tasks`: what can be submitted."""

from typing import Any

from rtd.rpc.context import Ask


async def handle(ask: Ask) -> dict[str, Any]:
    """The tasks of the serving app, by name."""
    core, name = ask.core, ask.params["task"]
    manifest = core.manifest
    infos = [manifest.find(name)] if name else sorted(manifest.tasks.values(), key=_by_name)
    return {
        "app": core.app,
        "app_error": core.app_error,
        "tasks": [{**info.to_dict(), "takes": info.signature()} for info in infos],
    }


def _by_name(info: Any) -> str:
    return str(info.name)
