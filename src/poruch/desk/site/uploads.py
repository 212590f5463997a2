"""Uploaded files stay in memory: Django's own handlers would write large ones to disk in clear."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

FILE_BYTES = 16 * 1024 * 1024
UPLOAD_BYTES = FILE_BYTES + 64 * 1024


class MemoryHandler(FileUploadHandler):
    """Keeps a file of at most 16 MiB in memory; more ends the upload."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with nothing."""
        super().new_file(*args, **kwargs)
        self._held = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a part."""
        if start + len(raw_data) > FILE_BYTES:
            raise StopUpload(connection_reset=True)
        self._held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The whole file."""
        self._held.seek(0)
        return InMemoryUploadedFile(
            self._held, self.field_name, "file", self.content_type, file_size, self.charset, self.content_type_extra
        )
