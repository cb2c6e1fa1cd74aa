"""What a server that has nothing to train loads, in a process of its own."""

from __future__ import annotations

import subprocess
import sys


def test_serving_needs_neither_torch_nor_what_trains() -> None:
    """scikit-learn alone would add 80 MB and more than half to the time of the imports (measured)."""
    asked = (
        "import sys, bot.up, nlu.knowledge, nlu.server, nlu.understander\n"
        "print({'torch', 'transformers', 'sklearn', 'scipy', 'onnx'} & {each for each in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "set()"
