"""Lets Rasa check the dialogue files: ``rasa data validate``, in its own environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ADDRESSES = {
    "CRMBOT_NLU_URL": "http://127.0.0.1:9",
    "CRMBOT_ACTION_URL": "http://127.0.0.1:9/webhook",
    "CRMBOT_TRACKER_DIALECT": "sqlite",
    "CRMBOT_TRACKER_DB": ":memory:",
}


def main() -> int:
    rasa = PROJECT / "engine" / ".venv" / "bin" / "rasa"
    command = [str(rasa), "data", "validate", "--domain", "domain", "--data", "data/nlu", "data/rules"]
    environment = {**os.environ, **ADDRESSES, "PYTHONWARNINGS": "ignore", "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = subprocess.run(  # noqa: S603  (our own command line)
        command, cwd=PROJECT, env=environment, check=False, capture_output=True, text=True
    )
    if found.returncode != 0:
        sys.stderr.write(found.stdout + found.stderr)
    else:
        sys.stdout.write("The dialogue files are valid.\n")
    return found.returncode


if __name__ == "__main__":
    sys.exit(main())
