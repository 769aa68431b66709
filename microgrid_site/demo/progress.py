"""Progress on stderr, seconds per stage; stdout stays free for the result."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console


@dataclass
class Progress:
    """Tells what is going on and keeps how long each stage took and whether it changed anything."""

    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    seconds: dict[str, float] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(text)

    @contextmanager
    def stage(self, name: str, title: str) -> Iterator["Outcome"]:
        """Time one stage; the block tells in words what it did through the yielded outcome."""
        outcome = Outcome()
        started = time.monotonic()
        with self.console.status(f"{title} ..."):
            yield outcome
        self.seconds[name] = round(time.monotonic() - started, 2)
        if outcome.changed:
            self.changed.append(name)
        mark = "[green]done[/]" if outcome.changed else "[dim]nothing to do[/]"
        self.say(f"{title:<34} {mark:<12} {self.seconds[name]:6.1f} s  {outcome.told}")


@dataclass
class Outcome:
    """What a stage did."""

    changed: bool = False
    told: str = ""

    def tell(self, text: str, *, changed: bool) -> None:
        self.told, self.changed = text, changed
