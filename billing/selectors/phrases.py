"""Sentences about money that are kept in English, by the pure domain or in a row: each is listed here to be said in the reader's language.

A row keeps the sentence as it was written when it happened; pages say it by `members.language.said`. A new one is added here, with its
figures and names as places.
"""

import re
from datetime import date

from django.utils.translation import gettext_noop

from billing.domain.banking.return_codes import REASONS, UNKNOWN
from billing.selectors.file_phrases import FILES, INCENTIVE_RULES, ORDERS, PARTS, TARIFF_FILES
from kernel.phrases import Phrase, PhraseBook
from members.language import day_in_words, said

CHECKS = PhraseBook.of(
    gettext_noop("Nothing was drawn on any day."),
    gettext_noop("There is no earlier document of this member at this site."),
    gettext_noop("Street or place is missing: a letter cannot be sent."),
    gettext_noop("No e-mail address: documents are not sent by e-mail."),
    gettext_noop("The bill comes to %(amount)s %(currency)s."),
    gettext_noop("%(missing)s of %(days)s days have no readings."),
    gettext_noop("Nothing was read of reactive energy on %(days)s days on which it is charged."),
    gettext_noop("%(amount)s %(currency)s; half of all bills are below %(usual)s %(currency)s, and there is none to compare with."),
    gettext_noop(
        "%(amount)s %(currency)s; half of all bills are below %(usual)s %(currency)s, and the highest before was %(highest)s %(currency)s."
    ),
    gettext_noop("%(estimated)s of %(intervals)s intervals are estimated (%(percent)s %%)."),
    gettext_noop("%(now)s kWh a day; the same month last year: %(before)s kWh a day."),
    gettext_noop("%(now)s kWh a day; the months before: %(before)s kWh a day."),
    gettext_noop("%(tariff)s from %(day)s on."),
)
RUNS = PhraseBook.of(
    gettext_noop("Days closed again: %(days)s; newer readings of %(meters)s."),
    gettext_noop("Days closed again: %(days)s; newer readings of storages."),
    gettext_noop("Changed hands on another day: %(sites)s."),
    gettext_noop("months without a check that blocks"),
    gettext_noop("corrections of at most %(limit)s minor units a document"),
    gettext_noop("rated, released and posted in one go"),
    gettext_noop("The worker ended while it sent; nobody knows whether the e-mail went out. Send it again if it did not arrive."),
)
MOVEMENTS = PhraseBook.of(
    gettext_noop("nothing moved"),
    gettext_noop("the bank's charges"),
    gettext_noop("nothing fits"),
    gettext_noop("undone"),
    gettext_noop("is known from an earlier file"),
    gettext_noop("is compared with what the bank was asked to do"),
    gettext_noop("its payments were told one by one later"),
    gettext_noop("assigned by a person: %(names)s"),
    gettext_noop("not ours: %(why)s"),
    gettext_noop("takes %(payment)s back"),
    gettext_noop("shares of %(member)s"),
    gettext_noop("the card provider's payout %(payout)s"),
    gettext_noop("coins sold: %(reference)s"),
    gettext_noop("the bank collected it"),
    gettext_noop("the bank collected %(count)s debits"),
    gettext_noop("the bank took %(debit)s back: %(why)s"),
    gettext_noop("the payout %(payout)s left"),
    gettext_noop("%(count)s payouts left"),
    gettext_noop("the payout %(payout)s came back (%(why)s)"),
    gettext_noop("no reason"),
    gettext_noop("by end-to-end id"),
    gettext_noop("by structured reference"),
    gettext_noop("by end-to-end id of a prepaid balance"),
    gettext_noop("by structured reference of a prepaid balance"),
    gettext_noop("by the reference of a prepaid balance"),
    gettext_noop("by payment reference"),
    gettext_noop("by the numbers of %(count)s bills, whose rests make the sum"),
    gettext_noop("the words name %(count)s bills, this is one"),
    gettext_noop("their account and the exact rest"),
    gettext_noop("their account, and all their open bills make the sum"),
    gettext_noop("their account, another sum: their oldest open bill"),
    gettext_noop("their account: on account"),
    gettext_noop("by name and amount"),
    gettext_noop("the exact rest, and the name is alike by %(percent)s%%"),
    gettext_noop("their name, another sum: their oldest open bill"),
    gettext_noop("their name: on account"),
    gettext_noop("the only open bill of this sum"),
    gettext_noop("one of %(count)s open bills of this sum"),
)
STATEMENTS = PhraseBook.of(
    gettext_noop("The statement is of account %(theirs)s, ours is %(ours)s."),
    gettext_noop("The account is in %(theirs)s, the books are in %(ours)s."),
    gettext_noop("%(count)s movements in %(theirs)s were left out: the books are in %(ours)s."),
    gettext_noop("Opening %(opening)s and movements %(moved)s make %(expected)s, but the bank closes at %(closing)s."),
    gettext_noop("Statement %(before)s is followed by %(sequence)s: import the ones between, or say why they are missing."),
    gettext_noop("%(count)s entries are not booked yet and were left out."),
    gettext_noop("The statement before (%(number)s) closed at %(closing)s, this one opens at %(opening)s: a statement is missing."),
    gettext_noop("nothing"),
)
CARDS = PhraseBook.of(
    gettext_noop("the page was not used in time"),
    gettext_noop("nothing was collected"),
    gettext_noop("the provider collected %(cents)s"),
    gettext_noop("the provider has %(cents)s %(currency)s for it"),
    gettext_noop("its movements make %(sum)s"),
    gettext_noop("the provider did not give it back"),
    gettext_noop("refused"),
)
ACCOUNTS = PhraseBook.of(
    gettext_noop("by hand"),
    gettext_noop("set off"),
    gettext_noop("paid out"),
    gettext_noop("paid back"),
    gettext_noop("given back"),
    gettext_noop("used for something else"),
    gettext_noop("set off against a claim"),
    gettext_noop("withdrawn on the chain"),
    gettext_noop("Withdrawn on the chain: %(amount)s"),
    gettext_noop("fee of a reminder, %(document)s"),
    gettext_noop("interest on arrears, %(document)s"),
    gettext_noop("paid out too much: %(document)s"),
    gettext_noop("taken back by %(document)s"),
    gettext_noop("sent back %(code)s"),
    gettext_noop("payment returned %(code)s"),
    gettext_noop("goes on after a correction"),
    gettext_noop("Credit paid back"),
    gettext_noop("Credit of %(member)s"),
    gettext_noop("Returned debit %(document)s"),
    gettext_noop("%(count)s shares given back"),
)
SHARING_OUT = PhraseBook.of(
    gettext_noop("Nobody is counted by less than nothing."),
    gettext_noop("Nobody delivered energy in the period, and nobody holds shares."),
    gettext_noop("Only a positive sum can be shared out."),
)
BESIDE_TARIFFS = PhraseBook.of(
    gettext_noop("Its readings do not cover all of these days."),
    gettext_noop("It has no tariff."),
    gettext_noop("It has no tariff on %(days)s."),
    gettext_noop("Its meter counts no reactive energy, which the tariff charges."),
    gettext_noop("Who buys and sells all has no battery: what comes out of one may be bought or made."),
    gettext_noop("Its plant has no meter of its own, so the whole production is not known."),
    gettext_noop("A file takes %(most)s bookings; this month has %(count)s."),
)
PRICING = PhraseBook.of(
    gettext_noop("A month's energy is above 3 GWh; it cannot be spread over tiers in whole Wh."),
    gettext_noop("The tariff charges reactive energy, but none is metered."),
    gettext_noop("The local prices of the days are not published."),
    gettext_noop("The prices of the index '%(index)s' are not known."),
    gettext_noop("The tariff charges by fuse, but the fuses are not known."),
    gettext_noop("A fuse is larger than the tariff's largest step, %(size)s A."),
    gettext_noop("The tariff charges power at the system's peak, which is not known."),
    gettext_noop("An amount is above %(most)s; look for a price or a percentage that is far too large."),
    gettext_noop("A site's energy times price is too large to be rated exactly; check the readings."),
    gettext_noop("A site received more from neighbours than it drew: its day must be closed again before it is billed."),
    gettext_noop("A site delivered more to neighbours than it fed in: its day must be closed again before it is billed."),
)
REFUSED_BY_DOORS = PhraseBook.of(
    gettext_noop("This id is that of another payment; begin a new one."),
    gettext_noop("Others are booking for the same members just now. Nothing was changed; try again in a minute."),
    gettext_noop("Give one of version, parts and urdb."),
    gettext_noop("The terms changed since they were read; read them again."),
    gettext_noop("None of these days is closed and yours to compare; closed are %(first)s to %(last)s."),
    gettext_noop("Not to be paid by card"),
    gettext_noop("Not now"),
    gettext_noop("Not known yet"),
    gettext_noop("Cannot be handed over"),
    gettext_noop("Not agreed"),
    gettext_noop("Not earlier"),
)
# What banks answer has its German beside its code.
RETURNS = PhraseBook([Phrase(reason.english, reason.german) for reason in (*REASONS.values(), UNKNOWN)])
# Why the ledger was written to, as its transactions keep it.
CAUSES = (
    gettext_noop("document"),
    gettext_noop("payment"),
    gettext_noop("charge"),
    gettext_noop("charge taken back"),
    gettext_noop("bank line"),
    gettext_noop("distribution"),
    gettext_noop("payment return"),
    gettext_noop("shares"),
    gettext_noop("year closing"),
    gettext_noop("set off"),
    gettext_noop("card fee"),
    gettext_noop("card cost"),
    gettext_noop("card unclear"),
    gettext_noop("card movement"),
    gettext_noop("card payout"),
    gettext_noop("card refund"),
    gettext_noop("card refund back"),
    gettext_noop("payout"),
    gettext_noop("payout back"),
    gettext_noop("correction"),
    gettext_noop("reminder"),
    gettext_noop("reversal"),
    gettext_noop("refund"),
    gettext_noop("fee"),
    gettext_noop("chain withdrawal"),
)
PHRASES = CHECKS.joined(
    (
        RUNS,
        MOVEMENTS,
        STATEMENTS,
        PARTS,
        FILES,
        TARIFF_FILES,
        INCENTIVE_RULES,
        ORDERS,
        CARDS,
        ACCOUNTS,
        SHARING_OUT,
        BESIDE_TARIFFS,
        PRICING,
        RETURNS,
        REFUSED_BY_DOORS,
    )
)
PAUSED = re.compile(r"(\d{4}-\d\d-\d\d) (\S*): (.+)", re.DOTALL)


def pause_said(kept: str) -> str:
    """Why a mandate is paused, in the reader's language: the day, the bank's code, and what it means."""
    found = PAUSED.fullmatch(kept)
    if found is None:
        return said(kept, PHRASES)
    return f"{day_in_words(date.fromisoformat(found[1]))} {found[2]}: {said(found[3], PHRASES)}"
