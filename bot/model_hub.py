"""Fetches models from the Hugging Face hub, or from a release page, over huggingface_hub's own transport.

It brings retries within a fetch, waits bounded by ``HF_HUB_DOWNLOAD_TIMEOUT`` (10 s), mirrors (``HF_ENDPOINT``), tokens
(``HF_TOKEN``) and the switch ``HF_HUB_OFFLINE``; those are read by that library, not by us. Its errors become ours
here. Checksums and places are the store's business. Imported only where something is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import ERROR, getLogger
from pathlib import Path
from typing import Any

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils._headers import build_hf_headers

from bot.errors import HubUnreachable, ModelRefused, UnknownModel
from bot.model_catalogue import HubModel, ModelFile

_BY_HAND = "bring the files by hand: crmbot models pull NAME --from DIR"


class Hub:
    """``endpoint``: the hub or a mirror of it; what ``HF_ENDPOINT`` says where None."""

    def __init__(self, endpoint: str | None = None) -> None:
        self._endpoint = endpoint or constants.ENDPOINT
        # Retries would break into the progress bars; each request would be logged with its address, signature and all.
        for library in ("huggingface_hub", "httpx2"):
            getLogger(library).setLevel(ERROR)

    def listing(self, model: HubModel) -> tuple[str, list[ModelFile]]:
        """Raises UnknownModel, ModelRefused, HubUnreachable."""
        with self._own_errors(model):
            info = HfApi(endpoint=self._endpoint).model_info(
                model.repository,
                revision=model.revision,
                files_metadata=True,
                timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT,
            )
        if info.sha is None:
            raise HubUnreachable(f"{self._endpoint} tells no commit of {model.repository}")
        return info.sha, [
            ModelFile(
                each.rfilename,
                each.size,
                each.lfs.sha256 if each.lfs is not None else None,
                None if each.lfs is not None else each.blob_id,
            )
            for each in info.siblings or ()
        ]

    def fetch(self, model: HubModel, file: ModelFile, part: Path, advance: Callable[[int], None]) -> None:
        """Goes on at the end of ``part``. Raises UnknownModel, ModelRefused, HubUnreachable, OSError of the disk."""
        there = part.stat().st_size if part.exists() else 0
        if model.base_url is not None:
            address, headers = f"{model.base_url}/{file.path}", {}
        else:
            address = hf_hub_url(model.repository, file.path, revision=model.revision, endpoint=self._endpoint)
            headers = build_hf_headers()
        with self._own_errors(model), part.open("ab") as opened:
            http_get(
                address,
                opened,
                resume_size=there,
                headers=headers | {"Accept-Encoding": "identity"},  # a range of a compressed answer is another range
                expected_size=file.size,
                displayed_filename=file.path,
                tqdm_class=_reporting(advance),
            )

    @contextmanager
    def _own_errors(self, model: HubModel) -> Iterator[None]:
        where = model.base_url or self._endpoint
        try:
            yield
        except OfflineModeIsEnabled as error:
            raise HubUnreachable(f"HF_HUB_OFFLINE is set, so {model.name} is not fetched; {_BY_HAND}") from error
        except GatedRepoError as error:
            raise ModelRefused(f"{model.repository} is given to accepted accounts only; set HF_TOKEN") from error
        except (RepositoryNotFoundError, RevisionNotFoundError, EntryNotFoundError, HFValidationError) as error:
            raise UnknownModel(
                f"{where} has no {model.repository} at {model.revision or 'main'} that it shows; "
                "look for a slip of the pen, or set HF_TOKEN where it is private"
            ) from error
        except HfHubHTTPError as error:
            raise self._answered(model, where, error.response.status_code) from error
        except httpx2.HTTPStatusError as error:
            raise self._answered(model, where, error.response.status_code) from error
        except httpx2.HTTPError as error:
            raise HubUnreachable(
                f"{where} cannot be reached ({type(error).__name__}); what has come of {model.name} is kept for the "
                f"next try. Try again, set HF_ENDPOINT to a mirror, or {_BY_HAND}"
            ) from error
        except OSError as error:
            if error.errno is not None:
                raise
            # the transport's "consistency check": the server ended early, or sent too much
            raise HubUnreachable(f"{where} sent another number of bytes than it should; try again") from error

    def _answered(self, model: HubModel, where: str, status: int) -> ModelRefused | UnknownModel | HubUnreachable:
        if status in (401, 403):
            return ModelRefused(f"{where} refuses {model.repository} ({status}); set HF_TOKEN to an account that may")
        if status == 404:
            return UnknownModel(f"{where} has no such file of {model.repository}")
        return HubUnreachable(f"{where} answered {status}; try again later, or {_BY_HAND}")


def _reporting(advance: Callable[[int], None]) -> Any:
    """A class as the transport wants one for its progress bar: it counts, and tells the count."""

    class Counter:
        def __init__(self, *_: object, initial: int = 0, **__: object) -> None:
            self._there = initial

        def update(self, count: float | None = 1) -> None:
            self._there += int(count or 0)
            advance(self._there)

        def close(self) -> None:
            pass

        def __enter__(self) -> Counter:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    return Counter
