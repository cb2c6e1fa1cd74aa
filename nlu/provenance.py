"""What a model is made from, and whether the one that is there still is: examples, code, libraries, encoder, seed.

Light to import, so that a start that finds nothing to train loads nothing of what training needs.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from pathlib import Path

from nlu.artefacts import fingerprint_of
from nlu.encoder import Manifest

SEED = 20
SENTIMENT = "sentiment"


def fingerprint(data_dir: Path, encoder_identity: str, *, seed: int = SEED) -> str:
    """Changes with the examples, this package's code and words, the libraries that fit, the encoder and the seed."""
    digest = hashlib.sha256(f"{seed}\n{encoder_identity}\n".encode())
    for package in ("numpy", "scipy", "scikit-learn", "python-crfsuite", "spacy"):
        digest.update(f"{package} {metadata.version(package)}\n".encode())
    here = Path(__file__).parent
    sources = [*_data_files(data_dir), *sorted(here.glob("*.py")), *sorted(here.glob("*.tsv"))]
    for path in sources:
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def is_current(data_dir: Path, encoder_dir: Path, model_dir: Path, *, seed: int = SEED) -> bool:
    """Whether ``training.train`` would make the model that is there already. Raises EncoderMissing."""
    identity = Manifest.read(encoder_dir).identity
    return fingerprint_of(model_dir) == fingerprint(data_dir, identity, seed=seed)


def sentiment_files(data_dir: Path) -> list[Path]:
    return sorted((data_dir / SENTIMENT).glob("*.tsv"))


def _data_files(data_dir: Path) -> list[Path]:
    return [*sorted(path for path in data_dir.glob("*.y*ml")), *sentiment_files(data_dir)]
