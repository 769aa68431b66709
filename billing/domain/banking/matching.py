"""What a movement of the account is for: sure, and then booked, or doubtful, and then ranked proposals for a person.

Sure is what names itself (our own end-to-end id, a payment reference, a bill's number) or what leaves no second reading (the
account of one member and the exact rest of one bill; one member's exact name and the exact rest). All else is a proposal.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from billing.domain.banking.references import plain, references_in
from billing.domain.banking.statements import BankEntry

MOST_PROPOSALS = 8
LEAST_LIKENESS = 0.6
SURE = 100


@dataclass(frozen=True, slots=True)
class Bill:
    """What is asked of a member; `rest_minor` 0 where it is settled already."""

    bill_id: int
    label: str
    reference: str
    rest_minor: int
    member_id: int


@dataclass(frozen=True, slots=True)
class Party:
    """A member with the accounts they are known to pay from."""

    member_id: int
    name: str
    ibans: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Share:
    """So much of a movement for a bill, or on account of a member where `bill_id` is None."""

    member_id: int
    bill_id: int | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """One reading of a movement: `score` orders them (100 is sure), `why` says on what it rests."""

    shares: tuple[Share, ...]
    score: int
    why: str

    @property
    def is_sure(self) -> bool:
        return self.score >= SURE


@dataclass(slots=True)
class Ledger:
    """Bills and members, found by what banks write."""

    by_reference: dict[str, Bill] = field(default_factory=dict)
    by_id: dict[int, Bill] = field(default_factory=dict)
    open_by_member: dict[int, list[Bill]] = field(default_factory=lambda: defaultdict(list))
    open_by_rest: dict[int, list[Bill]] = field(default_factory=lambda: defaultdict(list))
    parties: dict[int, Party] = field(default_factory=dict)
    by_iban: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_name: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    by_top_up: dict[str, int] = field(default_factory=dict)


def index(bills: Iterable[Bill], parties: Iterable[Party], top_ups: Mapping[str, int] | None = None) -> Ledger:
    """Lay bills and members out for matching. Open bills are expected oldest first.

    Args:
        top_ups: members by the reference that brings money to their balance.
    """
    ledger = Ledger(by_top_up=dict(top_ups or {}))
    for bill in bills:
        ledger.by_reference[bill.reference] = bill
        ledger.by_id[bill.bill_id] = bill
        if bill.rest_minor > 0:
            ledger.open_by_member[bill.member_id].append(bill)
            ledger.open_by_rest[bill.rest_minor].append(bill)
    for party in parties:
        ledger.parties[party.member_id] = party
        ledger.by_name[name_key(party.name)].add(party.member_id)
        for iban in party.ibans:
            ledger.by_iban[iban].add(party.member_id)
    return ledger


def name_key(name: str) -> str:
    """A name without case, accents, titles, punctuation and order of its words."""
    spelled = name.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")
    bare = unicodedata.normalize("NFKD", spelled)
    words = re.findall(r"[a-z0-9]+", "".join(letter for letter in bare if not unicodedata.combining(letter)))
    return " ".join(sorted(word for word in words if word not in {"dr", "prof", "herr", "frau", "mr", "mrs", "und", "and"}))


def likeness(one: str, other: str) -> float:
    """How alike two names are, 0 to 1."""
    return SequenceMatcher(None, name_key(one), name_key(other)).ratio()


def match(entry: BankEntry, ledger: Ledger) -> list[Proposal]:
    """Readings of money that came in, the best first; a sure one stands alone. Empty where nothing fits."""
    named = _named(entry, ledger)
    if named and named[0].is_sure:
        return named[:1]
    found = [*named, *_by_account(entry, ledger), *_by_name(entry, ledger), *_by_amount(entry, ledger)]
    best: dict[tuple[Share, ...], Proposal] = {}
    for proposal in sorted(found, key=lambda p: -p.score):
        best.setdefault(proposal.shares, proposal)
    ranked = list(best.values())[:MOST_PROPOSALS]
    if ranked and ranked[0].is_sure and not (len(ranked) > 1 and ranked[1].is_sure):
        return ranked[:1]
    return [_in_doubt(proposal) for proposal in ranked]


def _in_doubt(proposal: Proposal) -> Proposal:
    """A reading that would be sure alone, beside another that would."""
    return Proposal(proposal.shares, min(proposal.score, SURE - 1), proposal.why)


def _named(entry: BankEntry, ledger: Ledger) -> list[Proposal]:
    """By what names a bill: end-to-end id, structured reference, number in the words."""
    for reference, why in ((entry.end_to_end_id, "by end-to-end id"), (plain(entry.reference), "by structured reference")):
        bill = ledger.by_reference.get(plain(reference) if reference else "")
        if bill is not None:
            return [Proposal((_whole(bill, entry),), SURE, why)]
        member = ledger.by_top_up.get(plain(reference) if reference else "")
        if member is not None:
            return [Proposal((Share(member, None, entry.amount_minor),), SURE, f"{why} of a prepaid balance")]
    named = references_in(f"{entry.purpose} {entry.end_to_end_id}")
    bills = [ledger.by_reference[number] for number in named if number in ledger.by_reference]
    members = {ledger.by_top_up[number] for number in named if number in ledger.by_top_up}
    if not bills and len(members) == 1:
        share = Share(members.pop(), None, entry.amount_minor)
        return [Proposal((share,), SURE, "by the reference of a prepaid balance")]
    if not bills:
        return []
    if len(bills) == 1:
        return [Proposal((_whole(bills[0], entry),), SURE, "by payment reference")]
    rests = sum(bill.rest_minor for bill in bills)
    shares = tuple(Share(bill.member_id, bill.bill_id, bill.rest_minor) for bill in bills if bill.rest_minor)
    if rests == entry.amount_minor:
        return [Proposal(shares, SURE, f"by the numbers of {len(bills)} bills, whose rests make the sum")]
    return [Proposal((_whole(bill, entry),), 70, f"the words name {len(bills)} bills, this is one") for bill in bills]


def _whole(bill: Bill, entry: BankEntry) -> Share:
    return Share(bill.member_id, bill.bill_id, entry.amount_minor)


def _by_account(entry: BankEntry, ledger: Ledger) -> list[Proposal]:
    members = ledger.by_iban.get(entry.payer_iban, set()) if entry.payer_iban else set()
    found = []
    for member in sorted(members):
        bills = ledger.open_by_member.get(member, [])
        exact = [bill for bill in bills if bill.rest_minor == entry.amount_minor]
        sure = len(members) == 1 and len(exact) == 1
        found += [Proposal((_whole(b, entry),), SURE if sure else 90, "their account and the exact rest") for b in exact]
        if not exact and bills and sum(bill.rest_minor for bill in bills) == entry.amount_minor:
            shares = tuple(Share(member, bill.bill_id, bill.rest_minor) for bill in bills)
            found.append(Proposal(shares, 95, "their account, and all their open bills make the sum"))
        elif not exact and bills:
            found.append(Proposal((_whole(bills[0], entry),), 60, "their account, another sum: their oldest open bill"))
        if not exact:
            found.append(Proposal((Share(member, None, entry.amount_minor),), 55, "their account: on account"))
    return found


def _by_name(entry: BankEntry, ledger: Ledger) -> list[Proposal]:
    if not entry.payer:
        return []
    found = []
    for bill in ledger.open_by_rest.get(entry.amount_minor, []):
        party = ledger.parties.get(bill.member_id)
        if party is None:
            continue
        like = likeness(entry.payer, party.name)
        if like >= 1:
            found.append(Proposal((_whole(bill, entry),), SURE, "by name and amount"))
        elif like >= LEAST_LIKENESS:
            found.append(Proposal((_whole(bill, entry),), int(40 + 45 * like), f"the exact rest, and the name is alike by {like:.0%}"))
    for member in sorted(ledger.by_name.get(name_key(entry.payer), set())):
        bills = ledger.open_by_member.get(member, [])
        if bills and all(bill.rest_minor != entry.amount_minor for bill in bills):
            found.append(Proposal((_whole(bills[0], entry),), 50, "their name, another sum: their oldest open bill"))
        if all(bill.rest_minor != entry.amount_minor for bill in bills):
            found.append(Proposal((Share(member, None, entry.amount_minor),), 45, "their name: on account"))
    return found


def _by_amount(entry: BankEntry, ledger: Ledger) -> list[Proposal]:
    bills: Sequence[Bill] = ledger.open_by_rest.get(entry.amount_minor, [])
    score = 35 if len(bills) == 1 else 20
    words = "the only open bill of this sum" if len(bills) == 1 else f"one of {len(bills)} open bills of this sum"
    return [Proposal((_whole(bill, entry),), score, words) for bill in bills[:MOST_PROPOSALS]]
