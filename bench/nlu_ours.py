"""Our side of ``crmbot bench nlu``, as a process of its own so that its time and memory are its own.

``train DATA ENCODER MODEL`` trains as ``crmbot train`` does; ``serve ENCODER MODEL PORT`` answers ``/model/parse`` as
the conversation server does, and nothing else.
"""

from __future__ import annotations

import sys
from pathlib import Path


def train(data: Path, encoder: Path, model: Path) -> None:
    from nlu.training import train as train_understanding

    train_understanding(data, encoder, model)


def serve(encoder: Path, model: Path, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI

    from nlu.server import parse_router
    from nlu.understander import Understander
    from nlu.understanding import Understanding

    understander = Understander.load(model, encoder_dir=encoder)

    def understand(text: str, sender: str | None) -> Understanding:
        return understander.parse(text)

    app = FastAPI()
    app.include_router(parse_router(understand))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["train", data, encoder, model]:
            train(Path(data), Path(encoder), Path(model))
        case ["serve", encoder, model, port]:
            serve(Path(encoder), Path(model), int(port))
        case _:
            raise SystemExit("train DATA ENCODER MODEL | serve ENCODER MODEL PORT")
