"""Stop the backend when the process that started it is gone.

LocalAI stops its backends itself, except when it is killed. A process whose
parent has died is handed to another one, so a changed getppid() is the sign.

LOCALAI_BACKEND_PARENT_WATCH switches the watcher off (false, 0, no, off);
LOCALAI_BACKEND_PARENT_WATCH_INTERVAL sets the pause: "500ms", "2s", "1m" or seconds.
"""

import os
import re
import sys
import threading
import time

DEFAULT_INTERVAL = 2.0
_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0}
_armed = threading.Event()


def enabled():
    if sys.platform.startswith("win"):
        return False
    value = os.environ.get("LOCALAI_BACKEND_PARENT_WATCH", "").strip().lower()
    return value not in ("false", "0", "no", "off")


def interval():
    value = os.environ.get("LOCALAI_BACKEND_PARENT_WATCH_INTERVAL", "").strip().lower()
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)(ms|s|m|)", value)
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    return seconds or DEFAULT_INTERVAL


def _watch(parent):
    while os.getppid() == parent:
        time.sleep(interval())
    print(f"parent process {parent} is gone, stopping", file=sys.stderr, flush=True)
    os._exit(1)


def start_parent_death_watcher():
    """Start the watcher once; does nothing when disabled or already an orphan."""
    parent = os.getppid()
    if _armed.is_set() or parent <= 1 or not enabled():
        return
    _armed.set()
    threading.Thread(target=_watch, args=(parent,), name="parent-watch", daemon=True).start()
