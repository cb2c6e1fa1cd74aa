"""Models that a site may add: where each comes from, which bytes it must have, its licence, and where it lands.

Values only: nothing here reads a file or asks a network. Revisions are commits of the Hugging Face hub (a tag of a
release for the detector). The checksums were not computed from the hub's own bytes: each is one that at least two
public repositories of different owners pin for the same file of the same revision. A wrong one would therefore show
as a checksum error and never let other bytes in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class ModelFile:
    """``sha256`` and ``size`` (bytes) are None where they become known only at the first pull. ``git_sha1`` is how git
    names the content; the hub gives it for small files in place of a SHA-256."""

    path: str
    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None


@dataclass(frozen=True, slots=True)
class HubModel:
    """``place`` is a directory below the directory of models. A ``revision`` of None is the newest, and no ``files``
    means those an encoder needs: both are settled at the first pull. ``base_url``: where files lie that are not on
    the hub."""

    name: str
    purpose: str
    repository: str
    revision: str | None
    licence: str
    place: PurePosixPath
    files: tuple[ModelFile, ...] = ()
    base_url: str | None = None

    @property
    def size(self) -> int:
        """Bytes to fetch, as far as known."""
        return sum(file.size or 0 for file in self.files)

    @property
    def pinned(self) -> bool:
        """Whether every byte is settled before the first pull."""
        return bool(self.files) and all(file.sha256 is not None for file in self.files)


_WHISPER_COMMON = (
    ModelFile("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    ModelFile("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
)
"""The same bytes in every size."""


def _whisper(size: str, revision: str, config: ModelFile, weights: ModelFile) -> HubModel:
    return HubModel(
        name=f"whisper-{size}",
        purpose="voice notes in English and Chinese",
        repository=f"Systran/faster-whisper-{size}",
        revision=revision,
        licence="MIT",
        place=PurePosixPath("whisper", size),
        files=(config, weights, *_WHISPER_COMMON),
    )


CATALOGUE = (
    HubModel(
        name="multilingual-e5-small",
        purpose="sentence encoder for Chinese and mixed sites",
        repository="intfloat/multilingual-e5-small",
        revision="614241f622f53c4eeff9890bdc4f31cfecc418b3",
        licence="MIT",
        place=PurePosixPath("encoders", "multilingual-e5-small"),
        files=(
            ModelFile("config.json", 655, "69137736cab8b8903a07fe8afaafdda25aac55415a12a55d1bffa9f581abf959"),
            ModelFile(
                "model.safetensors", 470_641_600, "1a55775f53449dac10a2bcbc312469fac40b96d53198c407081a831f81c98477"
            ),
            ModelFile("tokenizer.json", 17_082_730, "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"),
            ModelFile("tokenizer_config.json", 443, "a1d6bc8734a6f635dc158508bef000f8e2e5a759c7d92f984b2c86e5ff53425b"),
            ModelFile(
                "sentence_bert_config.json", 57, "948201d8329907aae938fa62f9ceeed53f5694dacc2b87b9f3b78b37ee986529"
            ),
            ModelFile("1_Pooling/config.json", 200, "987f7a67a38fa564c849bb5d277c52ab9088a84368fc0be31a354125aebb12a0"),
        ),
    ),
    HubModel(
        name="multilingual-minilm",
        purpose="sentence encoder for Chinese and mixed sites",
        repository="sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
        revision="e8f8c211226b894fcb81acc59f3b34ba3efd5f42",
        licence="Apache-2.0",
        place=PurePosixPath("encoders", "multilingual-minilm"),
        files=(
            ModelFile("config.json", 645, "6300193cb75e01cf80c96decef7187dfb33094d97cc1490b7ead6ff134476e4e"),
            ModelFile(
                "model.safetensors", 470_641_600, "eaa086f0ffee582aeb45b36e34cdd1fe2d6de2bef61f8a559a1bbc9bd955917b"
            ),
            ModelFile("tokenizer.json", 9_081_518, "2c3387be76557bd40970cec13153b3bbf80407865484b209e655e5e4729076b8"),
            ModelFile("tokenizer_config.json", 526, "5036ea374ffedd706e3bef33e2e0d6953cb868ef8a490e76e32ba0faa37a6b9b"),
            ModelFile("1_Pooling/config.json", 190, "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23"),
        ),
    ),
    _whisper(
        "tiny",
        "d90ca5fe260221311c53c58e660288d3deb8d356",
        ModelFile("config.json", 2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
        ModelFile("model.bin", 75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
    ),
    _whisper(
        "base",
        "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        ModelFile("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        ModelFile("model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
    ),
    _whisper(
        "small",
        "536b0662742c02347bc0e980a01041f333bce120",
        ModelFile("config.json", 2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
        ModelFile("model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
    ),
    _whisper(
        "medium",
        "08e178d48790749d25932bbc082711ddcfdfbc4f",
        ModelFile("config.json", 2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
        ModelFile("model.bin", 1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
    ),
    HubModel(
        name="yolox-nano",
        purpose="objects in photos",
        repository="Megvii-BaseDetection/YOLOX",
        revision="0.1.1rc0",
        licence="Apache-2.0",
        place=PurePosixPath("detectors", "yolox-nano"),
        files=(
            ModelFile("yolox_nano.onnx", 3_659_407, "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d"),
        ),
        base_url="https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0",
    ),
)

_HUB_ID = re.compile(r"(?P<repository>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w.-]+))?", re.ASCII)


def find_model(name: str) -> HubModel | None:
    """The catalogue's entry of that name, or an encoder of the hub given as ``owner/model[@revision]``; else None."""
    for model in CATALOGUE:
        if name == model.name:
            return model
    found = _HUB_ID.fullmatch(name)
    if found is None:
        return None
    return HubModel(
        name=name,
        purpose="sentence encoder",
        repository=found["repository"],
        revision=found["revision"],
        licence="see its page",
        place=PurePosixPath("encoders", name.replace("/", "--")),
    )
