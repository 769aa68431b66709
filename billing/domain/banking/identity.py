"""When two files tell of the same movement: a statement and a notification, an overlapping export, the same file once more.

A movement is known by its content, not by the file. Of n equal movements in one file and m known before, the larger number
counts: two real payments of the same sum with the same words stay two, and telling them again adds none.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from billing.domain.banking.statements import BankEntry

NO_ID = {"", "NOTPROVIDED", "NOT PROVIDED", "NONREF"}


@dataclass(frozen=True, slots=True)
class KnownLine:
    """What is compared of a movement that was imported before."""

    line_id: int
    content_key: str
    occurrence: int
    bank_ref: str
    booked_date: object
    amount_minor: int
    batch_count: int = 1
    batch_ref: str = ""
    entry_ref: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry of a file: the known line that it is, or a new movement and which of equal ones.

    `details` names a known sum that this movement is a part of: a notification tells later what a statement told as one.
    """

    entry: BankEntry
    content_key: str
    known: KnownLine | None
    occurrence: int
    details: KnownLine | None = None


def content_key(entry: BankEntry, account: str) -> str:
    """What makes a movement: account, day, sum, ids, other party and words; spaces and case aside, as banks wrap lines."""
    end_to_end = "" if entry.end_to_end_id.upper() in NO_ID else entry.end_to_end_id
    parts = (
        account,
        entry.booked_date.isoformat(),
        str(entry.amount_minor),
        end_to_end,
        entry.mandate_ref,
        entry.payer_iban,
        _bare(entry.payer if not entry.payer_iban else ""),
        _bare(entry.purpose),
        _bare(entry.reference),
        entry.return_code,
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def place(entries: Sequence[BankEntry], known: Iterable[KnownLine], *, account: str) -> list[Placed]:
    """Tell which entries of a file are known and which are new, in the file's order.

    The bank's own id decides first: equal, it is the same movement whatever its words; both given and unequal, it is another
    one. Else equal content is the same movement, each known line used once.
    """
    known = list(known)
    by_content: dict[str, list[KnownLine]] = defaultdict(list)
    by_ref: dict[tuple[str, object, int], list[KnownLine]] = defaultdict(list)
    for line in known:
        by_content[line.content_key].append(line)
        if line.bank_ref:
            by_ref[(line.bank_ref, line.booked_date, line.amount_minor)].append(line)
    highest = {key: max(line.occurrence for line in lines) for key, lines in by_content.items()}
    keys = [content_key(entry, account) for entry in entries]
    used: set[int] = set()
    same: dict[int, KnownLine] = {}
    for place_of in (_by_ref(by_ref), _by_content(by_content)):
        for index, entry in enumerate(entries):
            if index in same:
                continue
            found = next((line for line in place_of(entry, keys[index]) if line.line_id not in used), None)
            if found is not None:
                same[index] = found
                used.add(found.line_id)
    placed = []
    for index, entry in enumerate(entries):
        known_line = same.get(index)
        if known_line is None:
            highest[keys[index]] = highest.get(keys[index], 0) + 1
        occurrence = known_line.occurrence if known_line else highest[keys[index]]
        placed.append(Placed(entry, keys[index], known_line, occurrence))
    return _batches(placed, known)


def _batches(placed: list[Placed], known: Sequence[KnownLine]) -> list[Placed]:
    """Let a sum and its single payments be one movement, whichever was told first."""
    known_parts: dict[tuple[str, object], list[KnownLine]] = defaultdict(list)
    known_sums: dict[tuple[str, object], KnownLine] = {}
    for line in known:
        for ref in {line.entry_ref, line.batch_ref} - NO_ID:
            if line.batch_count > 1:
                known_sums[(ref, line.booked_date)] = line
            else:
                known_parts[(ref, line.booked_date)].append(line)
    parts: dict[tuple[str, object], list[int]] = defaultdict(list)
    for index, one in enumerate(placed):
        if one.known is None and not one.entry.is_whole_batch:
            for ref in {one.entry.entry_ref, one.entry.batch_ref} - NO_ID:
                parts[(ref, one.entry.booked_date)].append(index)
    told = list(placed)
    for key, indices in parts.items():
        sum_line = known_sums.get(key)
        if sum_line and sum_line.amount_minor == sum(placed[i].entry.amount_minor for i in indices):
            for i in indices:
                told[i] = replace(placed[i], details=sum_line)
    for index, one in enumerate(placed):
        if one.known is None and one.entry.is_whole_batch:
            for ref in {one.entry.entry_ref, one.entry.batch_ref} - NO_ID:
                lines = known_parts.get((ref, one.entry.booked_date), [])
                if lines and sum(line.amount_minor for line in lines) == one.entry.amount_minor:
                    told[index] = replace(one, known=lines[0])
    return told


def _by_ref(lines: dict[tuple[str, object, int], list[KnownLine]]) -> Callable[[BankEntry, str], list[KnownLine]]:
    def find(entry: BankEntry, key: str) -> list[KnownLine]:
        candidates = lines.get((entry.bank_ref, entry.booked_date, entry.amount_minor), []) if entry.bank_ref else []
        alike = [line for line in candidates if line.content_key == key]
        return alike or (candidates if len(candidates) == 1 else [])

    return find


def _by_content(lines: dict[str, list[KnownLine]]) -> Callable[[BankEntry, str], list[KnownLine]]:
    def find(entry: BankEntry, key: str) -> list[KnownLine]:
        return [line for line in lines.get(key, []) if not (line.bank_ref and entry.bank_ref and line.bank_ref != entry.bank_ref)]

    return find
