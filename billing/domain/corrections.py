"""What a correction changes, line by line, and why, in words."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.domain.sentences import Words

ENERGY = ("local", "grid", "local_delivered", "carried", "export", "incentive", "gift", "given", "deviation", "compensation")


@dataclass(frozen=True, slots=True)
class LineFigures:
    """What stands on a line; quantities in Wh, W or days, amounts in minor units."""

    component: str
    window: str
    quantity: int
    unit: str
    price: Decimal
    net_minor: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A line before and after; None where there is none."""

    old: LineFigures | None
    new: LineFigures | None

    @property
    def line(self) -> LineFigures:
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def old_quantity(self) -> int:
        return self.old.quantity if self.old else 0

    @property
    def new_quantity(self) -> int:
        return self.new.quantity if self.new else 0

    @property
    def net_minor(self) -> int:
        """By how much the line's amount changes."""
        return (self.new.net_minor if self.new else 0) - (self.old.net_minor if self.old else 0)


@dataclass(frozen=True, slots=True)
class Causes:
    """Why a document was written anew.

    Attributes:
        own_days: days on which another version of the site's own readings counts now.
        shared_days: days that were shared anew, since readings of somebody changed.
        period_changed: another stretch of days is billed, as by a final bill after an interim one.
        moved_days: first and last day of the new document where the member had the site on other days than were billed first.
    """

    own_days: tuple[date, ...] = ()
    shared_days: tuple[date, ...] = ()
    period_changed: bool = False
    moved_days: tuple[date, date] | None = None


def differences(old: Sequence[LineFigures], new: Sequence[LineFigures]) -> list[Difference]:
    """The lines that are not the same before and after, in the order of the new document; several of one name are paired in order."""
    waiting: dict[tuple[str, str], list[LineFigures]] = defaultdict(list)
    for line in old:
        waiting[line.component, line.window].append(line)
    found = []
    for line in new:
        known = waiting[line.component, line.window]
        found.append(Difference(known.pop(0) if known else None, line))
    found += [Difference(line, None) for lines in waiting.values() for line in lines]
    return [difference for difference in found if difference.old != difference.new]


@dataclass(frozen=True, slots=True)
class CorrectionWords:
    """One language."""

    heading: str
    stands_for: str
    takes_back: str
    nothing_instead: str
    own: str
    shared: str
    period: str
    moved: str
    changed: str
    added: str
    gone: str
    amount_alone: str
    because: dict[str, str]
    columns: dict[str, str]
    more: str
    less: str
    same: str

    def why(self, causes: Causes, words: Words) -> list[str]:
        """The reasons in sentences."""
        told = []
        if causes.period_changed:
            told.append(self.period)
        if causes.moved_days:
            first, last = (words.date(day) for day in causes.moved_days)
            told.append(self.moved.format(first=first, last=last))
        if causes.own_days:
            told.append(self.own.format(days=_days(causes.own_days, words)))
        others = [day for day in causes.shared_days if day not in causes.own_days]
        if others or (causes.shared_days and not causes.own_days):
            told.append(self.shared.format(days=_days(others or causes.shared_days, words)))
        return told

    def line(self, difference: Difference, causes: Causes, words: Words) -> str:
        """One line's difference in one sentence: what it was, what it is, and why."""
        line = difference.line
        name, _ = words.line(line.component, line.window)
        old, new = difference.old, difference.new
        why = self.because[reason_of(difference, causes)]
        if not line.unit:
            before, after = (words.money(x.net_minor if x else 0) for x in (old, new))
            return self.amount_alone.format(name=name, old=before, new=after, why=why)
        if old is None:
            return self.added.format(name=name, new=_priced(new, words), why=why)
        if new is None:
            return self.gone.format(name=name, old=_priced(old, words), why=why)
        return self.changed.format(name=name, old=_priced(old, words), new=_priced(new, words), why=why)

    def total(self, difference_minor: int, currency: str, words: Words) -> str:
        """By how much the whole changes."""
        if not difference_minor:
            return self.same
        form = self.more if difference_minor > 0 else self.less
        return form.format(amount=f"{words.money(abs(difference_minor))} {currency}")


def reason_of(difference: Difference, causes: Causes) -> str:
    """The word under which `because` explains a line's difference."""
    if causes.period_changed:
        return "period"
    if causes.moved_days:
        return "moved"
    if difference.old_quantity != difference.new_quantity and difference.line.component in ENERGY:
        return "own" if causes.own_days else "share"
    if difference.line.component in ("local_delivered", "compensation"):
        return "divided"
    if difference.line.component in ENERGY:
        return "hours"
    return "own" if causes.own_days else "other"


def _priced(line: LineFigures | None, words: Words) -> str:
    assert line is not None
    price = words.price(line.price, line.unit)
    return f"{words.quantity(line.quantity, line.unit)} x {price} = {words.money(line.net_minor)}"


def _days(days: Sequence[date], words: Words) -> str:
    """Days, as stretches where they follow each other."""
    stretches: list[list[date]] = []
    for day in sorted(days):
        if stretches and (day - stretches[-1][-1]).days == 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return ", ".join(words.date(s[0]) if len(s) == 1 else f"{words.date(s[0])} – {words.date(s[-1])}" for s in stretches)


ENGLISH = CorrectionWords(
    heading="What changed, and why",
    stands_for="This document takes the place of {old} of {date}, which {reversal} takes back in full.",
    takes_back="This takes back {old} of {date} in full. {new} takes its place.",
    nothing_instead="This takes back {old} of {date} in full. No other document takes its place.",
    own="Readings of your own meter on {days} were corrected after they were billed.",
    shared="Readings of others in the village on {days} were corrected. What is produced is shared by everybody's readings, so your share changed too.",
    period="The earlier document was for a part of these days only; this one is for all of them.",
    moved="The site changed hands on another day than was known when it was billed: this is about {first} – {last}.",
    changed="{name}: {old} became {new}, {why}.",
    added="{name}: {new} is new, {why}.",
    gone="{name}: {old} is no longer there, {why}.",
    amount_alone="{name}: {old} became {new}, {why}.",
    because={
        "own": "because your meter's readings were corrected",
        "share": "because your share changed with the corrected readings of others",
        "divided": "because what neighbours pay together changed and is divided anew",
        "hours": "because other quarter hours with other prices count",
        "period": "because other days are billed",
        "moved": "because the site changed hands on another day",
        "other": "because it follows from the lines above",
    },
    columns={"item": "For", "old": "Was", "new": "Is", "difference": "Difference"},
    more="Together {amount} more.",
    less="Together {amount} less.",
    same="Together the same amount.",
)

GERMAN = CorrectionWords(
    heading="Was sich geändert hat, und warum",
    stands_for="Dieser Beleg ersetzt {old} vom {date}; {reversal} nimmt jenen ganz zurück.",
    takes_back="Damit nehmen wir {old} vom {date} ganz zurück. An seine Stelle tritt {new}.",
    nothing_instead="Damit nehmen wir {old} vom {date} ganz zurück. Ein anderer Beleg tritt nicht an seine Stelle.",
    own="Werte Ihres eigenen Zählers vom {days} wurden berichtigt, nachdem sie abgerechnet waren.",
    shared="Werte anderer im Dorf vom {days} wurden berichtigt. Erzeugter Strom wird nach den Werten aller verteilt, deshalb änderte sich auch Ihr Anteil.",
    period="Der frühere Beleg galt nur für einen Teil dieser Tage, dieser gilt für alle.",
    moved="Die Messstelle wechselte an einem anderen Tag den Besitzer, als bei der Abrechnung bekannt war: es geht um {first} – {last}.",
    changed="{name}: aus {old} wurden {new}, {why}.",
    added="{name}: {new} kommt hinzu, {why}.",
    gone="{name}: {old} entfällt, {why}.",
    amount_alone="{name}: aus {old} wurden {new}, {why}.",
    because={
        "own": "weil Werte Ihres Zählers berichtigt wurden",
        "share": "weil sich Ihr Anteil mit den berichtigten Werten anderer änderte",
        "divided": "weil sich änderte, was Nachbarn zusammen zahlen, und neu geteilt wird",
        "hours": "weil andere Viertelstunden mit anderen Preisen zählen",
        "period": "weil andere Tage abgerechnet werden",
        "moved": "weil die Messstelle an einem anderen Tag den Besitzer wechselte",
        "other": "weil es aus den Zeilen darüber folgt",
    },
    columns={"item": "Wofür", "old": "War", "new": "Ist", "difference": "Unterschied"},
    more="Zusammen {amount} mehr.",
    less="Zusammen {amount} weniger.",
    same="Zusammen derselbe Betrag.",
)

CORRECTION_WORDS = {"en": ENGLISH, "de": GERMAN}
