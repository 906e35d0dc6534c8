"""The credentials that docker has for a registry: its config.json, and the helpers that it names."""

from __future__ import annotations

import json
import os
import re
import subprocess
from base64 import b64decode, b64encode
from functools import cached_property
from pathlib import Path
from typing import Any

from scaffold.oci.references import DOCKER_HUB

_HUB_KEY = "https://index.docker.io/v1/"
"""What docker calls the credentials of Docker Hub."""
_HELPER_SECONDS = 20
_TOKEN = "<token>"  # noqa: S105 - what a helper says in the place of a name


class Credentials:
    """User names and passwords as header values; nothing of them is ever part of a message."""

    def __init__(self) -> None:
        self.problem = ""
        """Why some could not be had."""

    @cached_property
    def _config(self) -> dict[str, Any]:
        folder = os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"
        file = Path(folder, "config.json")
        try:
            found = json.loads(file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            self.problem = f"{file} cannot be read ({type(error).__name__}): no credentials are used"
            return {}
        return found if isinstance(found, dict) else {}

    def of(self, host: str) -> str | None:
        """The value of `Authorization` that belongs to a registry; None where docker has nothing."""
        helper = _mapping(self._config, "credHelpers").get(host) or self._config.get("credsStore")
        pair = self._asked(helper, host) if isinstance(helper, str) else None
        pair = pair or self._stored(host)
        return f"Basic {b64encode(pair.encode()).decode()}" if pair else None

    def _stored(self, host: str) -> str | None:
        """`user:password` of the file itself."""
        auths = _mapping(self._config, "auths")
        for key, value in auths.items():
            if _host(key) == host and isinstance(value, dict) and isinstance(value.get("auth"), str):
                try:
                    pair = b64decode(value["auth"], validate=True).decode().rstrip("\0")
                except ValueError:
                    self.problem = f"docker's credentials for {host} cannot be read and are not used"
                    continue
                if ":" in pair:
                    return pair
        return None

    def _asked(self, helper: str, host: str) -> str | None:
        """`user:password` that a helper program has."""
        if not re.fullmatch(r"[\w.-]+", helper, re.ASCII):
            return None
        command = [f"docker-credential-{helper}", "get"]
        server = _HUB_KEY if host == DOCKER_HUB else host
        try:
            done = subprocess.run(
                command, input=server.encode(), capture_output=True, check=False, timeout=_HELPER_SECONDS
            )
            found = json.loads(done.stdout) if not done.returncode else {}
        except (OSError, ValueError, subprocess.TimeoutExpired):
            self.problem = f"{command[0]} gives no credentials for {host}"
            return None
        user, secret = (
            (found.get(key) for key in ("Username", "Secret")) if isinstance(found, dict) else (0, 0)
        )
        if not isinstance(user, str) or not isinstance(secret, str) or user == _TOKEN:
            return None  # identity tokens need another flow, which no registry of the gallery asks for
        return f"{user}:{secret}"


def _mapping(config: dict[str, Any], key: str) -> dict[str, Any]:
    found = config.get(key)
    return found if isinstance(found, dict) else {}


def _host(key: str) -> str:
    """The registry that a key of the file is about."""
    host = key.partition("://")[2] or key
    host = host.partition("/")[0].lower()
    return DOCKER_HUB if host in ("index.docker.io", "registry-1.docker.io") else host
