"""Services that publish market prices, asked for one day: bounded in size and time, the token never in what is told."""

import time
import urllib.request
from dataclasses import dataclass
from datetime import UTC
from http.client import HTTPException, HTTPResponse
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit

from billing.domain.spot_index import IndexSource
from kernel.intervals import LocalDay

PATIENCE_S, WHOLE_PATIENCE_S = 10.0, 30.0
LARGEST_ANSWER_BYTES = 4 * 2**20
PIECE_BYTES = 65_536


class SourceUnavailable(RuntimeError):
    """The service gave no document; the message says what happened, without address and token."""


class _Asked(Protocol):
    """How a service is asked for a day."""

    def __call__(self, day: LocalDay, area: str, token: str) -> dict[str, str]: ...


def _ask_entsoe(day: LocalDay, area: str, token: str) -> dict[str, str]:
    start, end = (at.astimezone(UTC).strftime("%Y%m%d%H%M") for at in (day.start_at, day.end_at))
    return {"securityToken": token, "documentType": "A44", "in_Domain": area, "out_Domain": area, "periodStart": start, "periodEnd": end}


def _ask_awattar(day: LocalDay, area: str, token: str) -> dict[str, str]:
    start, end = (str(int(at.timestamp()) * 1000) for at in (day.start_at, day.end_at))
    return {"start": start, "end": end}


def _ask_energy_charts(day: LocalDay, area: str, token: str) -> dict[str, str]:
    return {"bzn": area, "start": day.day.isoformat(), "end": day.day.isoformat()}


ASKED: dict[str, _Asked] = {"entsoe": _ask_entsoe, "awattar": _ask_awattar, "energy_charts": _ask_energy_charts}


@dataclass(frozen=True, slots=True)
class HttpSource:
    """A service behind an address, in one of the known forms."""

    form: str
    address: str
    area: str
    token: str = ""
    patience_s: float = PATIENCE_S
    whole_patience_s: float = WHOLE_PATIENCE_S

    @property
    def name(self) -> str:
        return urlsplit(self.address).hostname or self.form

    def document(self, day: LocalDay) -> bytes:
        """The document of a day.

        Raises:
            SourceUnavailable: it does not answer in time, refuses, or says too much.
        """
        if not self.address.startswith(("http://", "https://")):
            raise SourceUnavailable("The address must begin with https:// or http://.")
        joint = "&" if "?" in self.address else "?"
        asked = f"{self.address}{joint}{urlencode(ASKED[self.form](day, self.area, self.token))}"
        try:
            with urllib.request.urlopen(asked, timeout=self.patience_s) as answer:
                return self._read(answer)
        except HTTPError as problem:
            raise SourceUnavailable(f"{self.name} answered {problem.code}.") from None
        except (URLError, TimeoutError, OSError, HTTPException) as problem:
            reason = getattr(problem, "reason", None) or type(problem).__name__
            raise SourceUnavailable(f"{self.name} does not answer: {reason}.") from None

    def _read(self, answer: HTTPResponse) -> bytes:
        """Piece by piece, so that who sends a letter a second holds nobody up."""
        ends, found = time.monotonic() + self.whole_patience_s, bytearray()
        while piece := answer.read1(PIECE_BYTES):
            found += piece
            if len(found) > LARGEST_ANSWER_BYTES:
                raise SourceUnavailable(f"{self.name} sends more than 4 MB.")
            if time.monotonic() > ends:
                raise SourceUnavailable(f"{self.name} took longer than {self.whole_patience_s:.0f} s.")
        return bytes(found)


def source_of(form: str, address: str, area: str, token: str) -> IndexSource:
    """The service of a feed."""
    return HttpSource(form, address, area, token)
