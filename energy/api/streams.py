"""Files that are sent while they are made: pulled piece by piece, whichever way the server runs."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def streamed(request: HttpRequest, pieces: Iterator[bytes], *, file_name: str, media_type: str) -> StreamingHttpResponse:
    """Answer with a download; under ASGI a synchronous iterator would be collected whole, so it is stepped in a thread."""
    content = _stepped(pieces) if isinstance(request, ASGIRequest) else pieces
    answer = StreamingHttpResponse(content, content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{_plain(file_name)}"'
    return answer


def _plain(name: str) -> str:
    return "".join(c if (c.isalnum() and c.isascii()) or c in "._-" else "_" for c in name)


async def _stepped(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        piece = await sync_to_async(lambda: next(pieces, None), thread_sensitive=True)()
        if piece is None:
            return
        yield piece
