"""Where staff choose a photo to send along with their words; it is held by the page until it is sent or left out.

What the file really is, and whether it may be sent, is decided by whoever sends it.
"""

from __future__ import annotations

from nicegui import events, ui

from console.acting import button
from console.markup import announce, tag
from console.words import Words

PHOTO_LIMIT = 10 * 2**20
"""Bytes. Chat apps take photos of up to 10 MB (https://core.telegram.org/bots/api#sendphoto)."""
PHOTO_TYPES = "image/jpeg,image/png,image/webp"


class PhotoPicker:
    """A button and, once a photo is chosen, its name. ``photo`` are its bytes."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self.photo: bytes | None = None
        with tag("div", classes="picker") as self.element:
            self._upload = ui.upload(
                on_upload=self._take, on_rejected=self._refuse, max_file_size=PHOTO_LIMIT, auto_upload=True
            )
            self._upload.props["accept"] = PHOTO_TYPES
            self._upload.props.set_bool("no-thumbnails", True)
            self._upload.style("display: none")
            self._add = button(words("photo.add"), lambda: None)
            # in the browser at once: it opens its file dialog only as the answer to a click
            self._add.on("click", js_handler=f"() => runMethod({self._upload.id}, 'pickFiles', [])")
            with tag("div", classes="chips", role="status") as self._kept:
                self._name = tag("span", dir="auto")
                button(words("photo.leave_out"), self.clear).classes("small-act").props("dense")
        self._kept.set_visibility(False)

    def clear(self) -> None:
        self.photo = None
        self._upload.reset()
        self._show("")

    async def _take(self, event: events.UploadEventArguments) -> None:
        if event.file.size() > PHOTO_LIMIT:
            self._refuse()
            return
        self.photo = await event.file.read()
        self._upload.reset()
        self._show(event.file.name)

    def _refuse(self) -> None:
        announce(self._words("photo.refused", limit=PHOTO_LIMIT // 2**20), problem=True)

    def _show(self, name: str) -> None:
        self._name.set_text(self._words("photo.kept", name=name))
        self._kept.set_visibility(self.photo is not None)
        self._add.set_visibility(self.photo is None)
