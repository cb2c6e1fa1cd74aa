"""A kernel model over an utterance's n-grams and the encoder's layers, as it is served: numpy and dictionaries.

An utterance scores by its n-grams, each with a weight for every label, and by how near it is to the examples learnt
from, nearness being a Gaussian of the angle between vectors. ``nlu.kernel_fitting`` makes such models; what the labels
mean is their users' business. Stored as plain arrays and JSON, nothing that runs code on load.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nlu.errors import ModelDamaged, ModelMissing
from nlu.linear import Floats, Scale, TermWeighting, read_json, softmax

_FLOOR = np.float32(1.2)
_LEAST = np.float32(1e-3)


@dataclass(frozen=True)
class Projection:
    """Makes one short vector of several layers': each less its mean over the examples, of length 1, weighed, all turned
    onto the directions in which the examples differ most.

    ``means`` float32 [layers, dimension]; ``directions`` float32 [layers * dimension, p] hold the layers' weights too.
    """

    means: Floats
    directions: Floats

    def project(self, deep: Floats) -> Floats:
        """float32 [n, p], none longer than 1, of float32 [n, layers * dimension]."""
        projected: Floats = centred(deep, self.means) @ self.directions
        return projected


@dataclass(frozen=True)
class KernelModel:
    """``weights`` float32 [terms, labels]; ``examples`` float32 [m, p], projected; ``influence`` float32 [m, labels].

    ``width`` is the Gaussian's: the nearness of a and b is exp(width * (a.b - 1)). ``scales`` says how much n-grams and
    nearness count, ``temperatures`` what divides the scores before the softmax; both by the language of the utterance.
    """

    labels: tuple[str, ...]
    weighting: TermWeighting
    weights: Floats
    bias: Floats
    projection: Projection
    examples: Floats
    influence: Floats
    width: float
    scales: dict[str, Scale]
    temperatures: dict[str, float]

    def scores(self, counts: Counter[str], deep: Floats, language: str) -> Floats:
        """float32 [labels], of ``evidence``. ``deep`` float32 [layers * dimension]."""
        columns, values = self.weighting.weigh(counts)
        scale = self.scales[language]
        # Not by BLAS, whose threads take longer to start than such products take.
        projected = np.einsum("i,ij->j", centred(deep[None], self.projection.means)[0], self.projection.directions)
        near = np.exp(np.float32(self.width) * (np.einsum("ij,j->i", self.examples, projected) - np.float32(1.0)))
        of_near = np.einsum("i,ij->j", near, self.influence)
        return evidence(scale.terms * (values @ self.weights[columns]) + scale.vector * of_near + self.bias)

    def probabilities(self, counts: Counter[str], vector: Floats, language: str) -> Floats:
        """float32 [labels], summing to 1. ``vector`` is that of all layers, ``View.deep``."""
        return softmax(self.scores(counts, vector, language) / np.float32(self.temperatures[language]))

    def save(self, directory: Path, name: str) -> None:
        np.savez(
            directory / f"{name}.npz",
            idf=self.weighting.idf,
            weights=self.weights,
            bias=self.bias,
            means=self.projection.means,
            directions=self.projection.directions,
            examples=self.examples,
            influence=self.influence,
        )
        described = {
            "labels": self.labels,
            "terms": self.weighting.terms,
            "width": self.width,
            "scales": {language: asdict(scale) for language, scale in self.scales.items()},
            "temperatures": self.temperatures,
        }
        (directory / f"{name}.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path, name: str) -> KernelModel:
        """Raises ModelMissing, ModelDamaged."""
        described = read_json(directory / f"{name}.json")
        try:
            with (directory / f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                model = cls(
                    tuple(described["labels"]),
                    TermWeighting(tuple(described["terms"]), arrays["idf"]),
                    arrays["weights"],
                    arrays["bias"],
                    Projection(arrays["means"], arrays["directions"]),
                    arrays["examples"],
                    arrays["influence"],
                    float(described["width"]),
                    {language: Scale(**scale) for language, scale in described["scales"].items()},
                    {language: float(value) for language, value in described["temperatures"].items()},
                )
        except FileNotFoundError as error:
            raise ModelMissing(f"no trained model in {directory}") from error
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise ModelDamaged(f"{directory / name} cannot be read") from error
        if not model._fits():
            raise ModelDamaged(f"the files of {directory / name} do not belong together")
        return model

    def _fits(self) -> bool:
        labels = len(self.labels)
        return (
            self.weights.shape == (len(self.weighting.terms), labels)
            and self.bias.shape == (labels,)
            and self.influence.shape == (len(self.examples), labels)
            and self.examples.shape[1:] == self.projection.directions.shape[1:]
            and self.projection.directions.shape[:1] == (self.projection.means.size,)
        )


def evidence(fitted: Floats) -> Floats:
    """float32 like ``fitted``, which is learnt to be 1 for the right label and -1 for others: that as a logarithm.

    The softmax of it is a probability that grows as a power of the fit; the temperature is the power. A softmax of the
    fit itself gave a calibration error about twice as large on three public sets and on our examples.
    """
    shares: Floats = np.log(np.maximum((fitted + _FLOOR) / (np.float32(1.0) + _FLOOR), _LEAST))
    return shares


def centred(deep: Floats, means: Floats) -> Floats:
    """float32 [n, layers * dimension]: each layer's vector less its mean, of length 1."""
    layers = deep.reshape(len(deep), *means.shape) - means
    lengths = np.linalg.norm(layers, axis=2, keepdims=True)
    unit: Floats = (layers / np.maximum(lengths, np.float32(1e-6))).reshape(len(deep), -1)
    return unit


def nearness(some: Floats, others: Floats, width: float) -> Floats:
    """float32 [some, others], above 0 and at most 1."""
    near: Floats = np.exp(np.float32(width) * (some @ others.T - np.float32(1.0)))
    return near
