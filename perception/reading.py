"""Printed text in a picture: lines with boxes and confidence.

Owns the call into RapidOCR, whose models (English and Chinese) come inside its package. Loads them at the first
picture, never at import. Knows nothing of what the lines mean.
"""

from __future__ import annotations

import logging

import numpy as np
from PIL import Image
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

from perception.facts import Box, TextLine

_MAX_SIDE = 960
"""Longest side for detection, in pixels; larger is slower and finds no more on receipts (measured, docs)."""
_MIN_CONFIDENCE = 0.5


class TextReader:
    """Reads lines of print. Not thread-safe; one per worker process."""

    def __init__(self, *, threads: int = 1) -> None:
        self._threads = threads
        self._engine: RapidOCR | None = None

    def read(self, picture: Image.Image) -> tuple[TextLine, ...]:
        """The lines of ``picture`` (mode RGB) from top to bottom; an empty tuple where nothing is written."""
        pixels = np.asarray(picture)[:, :, ::-1]  # RapidOCR takes BGR, as OpenCV does
        output = self._loaded()(np.ascontiguousarray(pixels))
        if (
            not isinstance(output, RapidOCROutput)
            or output.boxes is None
            or output.txts is None
            or output.scores is None
        ):
            return ()
        lines = [
            TextLine(text.strip(), _box(corners), round(float(score), 4))
            for corners, text, score in zip(output.boxes, output.txts, output.scores, strict=True)
            if text.strip()
        ]
        return tuple(sorted(lines, key=lambda line: (line.box[1], line.box[0])))

    def warm_up(self) -> None:
        """Loads the models, so that the first customer does not wait for them."""
        self.read(Image.new("RGB", (64, 64), "white"))

    def _loaded(self) -> RapidOCR:
        if self._engine is None:
            self._engine = RapidOCR(params=self._parameters())
            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)  # it would log file names and empty pictures
        return self._engine

    def _parameters(self) -> dict[str, object]:
        onnxruntime = "EngineConfig.onnxruntime"
        return {
            "Global.log_level": "critical",
            "Global.text_score": _MIN_CONFIDENCE,
            "Rec.rec_batch_num": 1,  # lines differ in length; together they would be padded to the longest
            "Det.limit_type": "max",
            "Det.limit_side_len": _MAX_SIDE,
            f"{onnxruntime}.intra_op_num_threads": self._threads,
            f"{onnxruntime}.inter_op_num_threads": 1,
        }


def _box(corners: np.ndarray) -> Box:
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    return int(left), int(top), int(right), int(bottom)
