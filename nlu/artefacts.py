"""A trained model as files: plain arrays, JSON and the tagger's own format; nothing that runs code when it is read.

``model.json`` describes, ``intents.*`` is a kernel model, ``sentiment.*`` a linear one, ``tagger.crfsuite`` is the
tagger, ``report.json`` tells people how good it is. The directory appears whole or not at all.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlu.entities import Gazetteer
from nlu.errors import ModelDamaged, ModelMissing
from nlu.intents import FallbackPolicy
from nlu.kernel import KernelModel
from nlu.linear import LinearModel, read_json
from nlu.listings import Listed

MODEL = "model.json"
REPORT = "report.json"
_TAGGER = "tagger.crfsuite"


@dataclass(frozen=True)
class ModelFiles:
    """All of a trained model. ``fingerprint`` is of what it was trained from."""

    fingerprint: str
    encoder_identity: str
    policy: FallbackPolicy
    gazetteer: Gazetteer
    intents: KernelModel
    sentiment: LinearModel
    tagger: bytes

    def save(self, directory: Path, report: dict[str, Any]) -> None:
        """Replaces what the directory held."""
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{directory.name}-", dir=directory.parent) as building:
            built = Path(building) / "model"
            built.mkdir()
            self.intents.save(built, "intents")
            self.sentiment.save(built, "sentiment")
            (built / _TAGGER).write_bytes(self.tagger)
            _write(built / REPORT, report)
            _write(built / MODEL, self._described())
            if directory.exists():
                directory.rename(Path(building) / "replaced")
            built.rename(directory)

    def _described(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "encoder": self.encoder_identity,
            "policy": asdict(self.policy),
            "lists": {listed.entity: dict(listed.names) for listed in self.gazetteer.lists},
            "hints": {listed.entity: dict(listed.names) for listed in self.gazetteer.hints},
            "synonyms": dict(self.gazetteer.synonyms or {}),
            "regexes": self.gazetteer.regexes,
            "taught": sorted(self.gazetteer.taught),
            "unmarked": sorted(self.gazetteer.unmarked),
        }

    @classmethod
    def load(cls, directory: Path) -> ModelFiles:
        """Raises ModelMissing, ModelDamaged."""
        described = read_json(directory / MODEL)
        intents = KernelModel.load(directory, "intents")
        sentiment = LinearModel.load(directory, "sentiment")
        try:
            tagger = (directory / _TAGGER).read_bytes()
            return cls(
                described["fingerprint"],
                described["encoder"],
                FallbackPolicy(**described["policy"]),
                Gazetteer(
                    _lists(described["lists"]),
                    described["synonyms"],
                    tuple((entity, pattern) for entity, pattern in described["regexes"]),
                    frozenset(described["taught"]),
                    frozenset(described["unmarked"]),
                    _lists(described["hints"]),
                ),
                intents,
                sentiment,
                tagger,
            )
        except FileNotFoundError as error:
            raise ModelMissing(f"no trained model in {directory}") from error
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelDamaged(f"the model in {directory} cannot be read") from error


def _lists(described: dict[str, dict[str, str]]) -> tuple[Listed, ...]:
    return tuple(Listed(entity, names) for entity, names in described.items())


def fingerprint_of(directory: Path) -> str | None:
    """What the model there was trained from; None where there is none that can be read."""
    try:
        return str(read_json(directory / MODEL)["fingerprint"])
    except (ModelMissing, ModelDamaged, KeyError):
        return None


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
