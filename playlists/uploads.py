"""An uploaded list is kept in memory up to a size; a bigger one is read to its end and dropped."""

from __future__ import annotations

import io
from typing import IO, Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

MOST_BYTES = 10 * 1024 * 1024  # 10,000 lines of the widest export with room to spare


class ListUpload(FileUploadHandler):
    """Takes one file a field into memory; one that is too big leaves its field's name behind."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.too_big: set[str] = set()
        self._buffer = io.BytesIO()

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self._buffer = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > MOST_BYTES:
            self.too_big.add(str(self.field_name))
            self._buffer = io.BytesIO()
            raise SkipFile
        self._buffer.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self._buffer.seek(0)
        file: IO[bytes] = self._buffer
        return InMemoryUploadedFile(
            file, self.field_name, self.file_name or "", self.content_type or "", file_size, None
        )
