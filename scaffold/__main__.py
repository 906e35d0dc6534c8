"""The program: `scaffold`, and `python -m scaffold`."""

import gc

gc.disable()  # a run is short, and what it imports and parses lives to its end

from scaffold.cli import main  # noqa: E402 - collecting garbage would take a tenth of the time of the imports

if __name__ == "__main__":
    main()
