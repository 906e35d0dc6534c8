"""The program: `scaffold`, and `python -m scaffold`."""

import gc

gc.disable()  # a run is short, and what it imports and parses lives to its end

import os  # noqa: E402 - collecting garbage would take a tenth of the time of the imports
import sys  # noqa: E402

from scaffold import cage  # noqa: E402


def program() -> None:
    """Run the command in the cage and end; the interpreter would take a while to put everything away."""
    end = cage.run(_command)
    if isinstance(end, cage.Ended):
        from scaffold.cli.main import refuse

        end = refuse(end.error)
    os._exit(end)


def _command() -> int:
    from scaffold.cli.main import main

    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1 if end.code else 0
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # nobody reads any more, or ever did
        code = code or 141
    return code


if __name__ == "__main__":
    program()
