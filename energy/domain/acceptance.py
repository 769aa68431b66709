"""Why a message is refused, and how much one may hold."""

LONGEST_MESSAGE_BYTES = 65_536
LONGEST_BLOCK = 4_000
LARGEST_COUNT = 2**62  # of counters and registers, within a signed 64-bit number with room to add


class CannotAccept(ValueError):
    """A message cannot be accepted; `reason` is one of the counted reasons."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
