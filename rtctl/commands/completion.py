"""`rtctl completion`: the scripts of the shells' completion."""

from __future__ import annotations

from rtctl.cli.flags import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "completion bash|zsh|fish"
FLAGS = ()
MORE = """Add this line to the start-up file of your shell:

  bash: source <(rtctl completion bash)

  zsh: source <(rtctl completion zsh)

  fish: rtctl completion fish | source"""

_BASH = """\
_rtctl() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}") found word
    mapfile -t found < <(rtctl complete -- "${words[@]//\\\\/}" 2>/dev/null)
    COMPREPLY=()
    for word in "${found[@]}"; do COMPREPLY+=("$(printf %q "$word")"); done
}
complete -o default -F _rtctl rtctl
"""

_ZSH = """\
#compdef rtctl
_rtctl() {
    local -a found
    found=("${(@f)$(rtctl complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -- $found
}
compdef _rtctl rtctl
"""

_FISH = """\
function __rtctl
    set -l words (commandline -opc) (commandline -ct)
    rtctl complete -- $words[2..-1] 2>/dev/null
end
complete -c rtctl -f -a '(__rtctl)'
"""

SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def run(context: CommandContext) -> int:
    """Print the script to source."""
    shell = context.targets(1, 1, "shell: bash, zsh or fish")[0]
    if shell not in SHELLS:
        raise UsageError(f"completion: {shell!r} is none of {', '.join(SHELLS)}")
    context.screen.print_out(SHELLS[shell].rstrip())
    return 0
