"""A linear model over an utterance's n-grams and its sentence vector, as it is served: numpy and dictionaries.

It scores labels and turns scores into calibrated probabilities. ``nlu.fitting`` makes such models; what the labels
mean (intents, sentiments) is their users' business. Stored as plain arrays and JSON, nothing that runs code on load.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from nlu.errors import ModelDamaged, ModelMissing

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TermWeighting:
    """TF-IDF as scikit-learn defines it (sublinear tf, smoothed idf), each family of n-grams scaled to length 1."""

    terms: tuple[str, ...]
    idf: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", {term: place for place, term in enumerate(self.terms)})

    def weigh(self, counts: Counter[str]) -> tuple[npt.NDArray[np.intp], Floats]:
        """Columns and their values for one utterance; unknown n-grams are left out."""
        places: dict[str, int] = self._places  # type: ignore[attr-defined]
        columns: list[int] = []
        frequencies: list[int] = []
        families: list[str] = []
        for term, count in counts.items():
            place = places.get(term)
            if place is not None:
                columns.append(place)
                frequencies.append(count)
                families.append(term[0])
        at = np.array(columns, dtype=np.intp)
        values = (1.0 + np.log(np.array(frequencies, dtype=np.float32))) * self.idf[at]
        marks = np.array(families)
        for family in set(families):
            members = marks == family
            values[members] /= np.sqrt(np.square(values[members]).sum())
        return at, values.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Scale:
    """Factors of the n-grams' values and of the sentence vector."""

    terms: float
    vector: float


@dataclass(frozen=True)
class LinearModel:
    """``weights`` float32 [terms + dimension, labels]: n-grams first, then the vector's components.

    ``scales`` says how much n-grams and sentence vector count, ``temperatures`` what divides the scores before the
    softmax; both by the language of the utterance (``View.scale``).
    """

    labels: tuple[str, ...]
    weighting: TermWeighting
    weights: Floats
    bias: Floats
    scales: dict[str, Scale]
    temperatures: dict[str, float]

    def scores(self, counts: Counter[str], vector: Floats, language: str) -> Floats:
        """float32 [labels], unbounded."""
        columns, values = self.weighting.weigh(counts)
        terms = len(self.weighting.terms)
        scale = self.scales[language]
        of_terms = scale.terms * (values @ self.weights[columns])
        scores: Floats = of_terms + scale.vector * (vector @ self.weights[terms:]) + self.bias
        return scores

    def probabilities(self, counts: Counter[str], vector: Floats, language: str) -> Floats:
        """float32 [labels], summing to 1."""
        return softmax(self.scores(counts, vector, language) / np.float32(self.temperatures[language]))

    def save(self, directory: Path, name: str) -> None:
        np.savez(directory / f"{name}.npz", idf=self.weighting.idf, weights=self.weights, bias=self.bias)
        described = {
            "labels": self.labels,
            "terms": self.weighting.terms,
            "scales": {language: asdict(scale) for language, scale in self.scales.items()},
            "temperatures": self.temperatures,
        }
        (directory / f"{name}.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, name: str) -> LinearModel:
        """Raises ModelMissing, ModelDamaged."""
        described = read_json(directory / f"{name}.json")
        try:
            with (directory / f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                model = cls(
                    tuple(described["labels"]),
                    TermWeighting(tuple(described["terms"]), arrays["idf"]),
                    arrays["weights"],
                    arrays["bias"],
                    {language: Scale(**scale) for language, scale in described["scales"].items()},
                    {language: float(value) for language, value in described["temperatures"].items()},
                )
        except FileNotFoundError as error:
            raise ModelMissing(f"no trained model in {directory}") from error
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise ModelDamaged(f"{directory / name} cannot be read") from error
        if model.weights.shape[1:] != model.bias.shape or len(model.labels) != len(model.bias):
            raise ModelDamaged(f"the files of {directory / name} do not belong together")
        return model


def softmax(scores: Floats) -> Floats:
    """Over the last axis."""
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=-1, keepdims=True)
    return probabilities


def read_json(path: Path) -> dict[str, Any]:
    """Raises ModelMissing, ModelDamaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelMissing(f"no trained model in {path.parent}") from error
    except (OSError, ValueError) as error:
        raise ModelDamaged(f"{path} cannot be read") from error
    if not isinstance(content, dict):
        raise ModelDamaged(f"{path} cannot be read")
    return content
