"""Sentences about what people and banks bring, as the pure rules that read it make them: each is listed to be said in the reader's language."""

from django.utils.translation import gettext_noop

from kernel.phrases import PhraseBook

PARTS = PhraseBook.of(
    gettext_noop("Is empty; fill it in."),
    gettext_noop("'%(given)s' is not the format that this program reads; write %(known)s."),
    gettext_noop("Must be three capital letters, as EUR."),
    gettext_noop("Is no kind of charge; choose one of %(known)s."),
    gettext_noop("'%(given)s' is not known; choose one of %(known)s."),
    gettext_noop("Must be true or false."),
    gettext_noop("Must be a whole number of months, 0 to 24."),
    gettext_noop("Must be a number, best written as text."),
    gettext_noop("'%(given)s' is not a number; write it as 0.28."),
    gettext_noop("'%(given)s' is below zero; write 0 or more."),
    gettext_noop("'%(given)s' is larger than any price; check the decimal point."),
    gettext_noop("Has more than %(most)s decimals; round it."),
    gettext_noop("Must be a text of 1 to 40 characters."),
    gettext_noop("There is no price; give at least one."),
    gettext_noop("Must be the number of a period, from 0."),
    gettext_noop("Must be later than the beginning; split a window that passes midnight."),
    gettext_noop("Must be some of %(known)s."),
    gettext_noop("Must be a time of day, as 17:00; 24:00 is the day's end."),
    gettext_noop("There is no step; give at least one."),
    gettext_noop("%(size)s A is not above the %(before)s A of the step before; let the steps rise."),
    gettext_noop("Must be whole amperes above 0, as 35."),
    gettext_noop("Must be some of 1 to 12, each once."),
    gettext_noop("Must be 12 numbers of periods, one for each month, or empty."),
    gettext_noop("Must be a list of at most %(most)s."),
    gettext_noop("Must be an object with %(known)s."),
    gettext_noop("Is not known; there are %(known)s."),
    gettext_noop("Its hours or months name period %(period)s, but the last period is %(last)s."),
    gettext_noop("There is no period; give at least one."),
    gettext_noop("Energy has a price already; remove one of the two."),
    gettext_noop("What is fed in has its rule already; remove one of the two."),
    gettext_noop("Energy from neighbours has a price already; remove one of the two."),
    gettext_noop(
        "kWh of different prices an hour cannot be set off against each other; pay for what is fed in."
    ),
    gettext_noop("Cannot be billed here: there are %(known)s."),
    gettext_noop("There is no price; say what is paid for energy fed in."),
    gettext_noop(
        "The price between neighbours is the microgrid's sharing rule; choose mid_market or discount."
    ),
    gettext_noop("Has more than six decimals; round it."),
    gettext_noop("Is longer than %(most)s characters; a line of the bill holds no more."),
    gettext_noop("'%(kind)s' is no kind of line; choose some of %(known)s."),
    gettext_noop("Another period has this name; the bill could not tell them apart."),
    gettext_noop("Is empty, but another step follows; say where this one ends."),
    gettext_noop(
        "%(limit)s is not above the %(before)s of the step before; nothing would fall into this step."
    ),
    gettext_noop("Is empty, but a share of earlier months is given; say how many months it looks back."),
    gettext_noop("Is empty, but earlier months are given; say which share of their power counts."),
    gettext_noop("%(cap)s is below the %(floor)s that is never fallen below; change one of them."),
    gettext_noop("Must be above 0 and at most the whole own price."),
    gettext_noop("Nothing would be charged; give a price per kWh or percent."),
    gettext_noop("Nothing would be deducted; give percent or an amount a month."),
    gettext_noop("Is above 100 per cent; the lines would turn into a credit."),
    gettext_noop("Is 100 per cent or more; a rate of 19 per cent is kept as 0.19."),
)
FILES = PhraseBook.of(
    gettext_noop("The file is larger than 10 MB; export a shorter period."),
    gettext_noop("The file is larger than 20 MB; fetch a shorter period."),
    gettext_noop("The file is empty; export the statement again."),
    gettext_noop("The file has more than %(rows)s rows; export a shorter period."),
    gettext_noop("Row 1: a column is missing, name it one of %(names)s."),
    gettext_noop("Row %(row)s, date: '%(text)s' is not a date; write it as 2016-04-12 or 12.04.2016."),
    gettext_noop("Row %(row)s, date: the cell is empty; write it as 2016-04-12 or 12.04.2016."),
    gettext_noop("Row %(row)s, amount: '%(text)s' is not an amount; write it as 12.34."),
    gettext_noop("Row %(row)s, amount: the cell is empty; write it as 12.34."),
    gettext_noop(
        "Row %(row)s, amount: '%(text)s' has more than two decimals or is out of range; check the decimal point."
    ),
    gettext_noop("The file is %(kind)s; ask the bank for camt.053 or camt.054, version 02 to 13."),
    gettext_noop("The file is %(kind)s, not pain.002; bring the bank's answer to an order."),
    gettext_noop("XML of another kind"),
    gettext_noop(
        "Line %(line)s, column %(column)s: the file is no sound XML ('%(problem)s'); fetch it again."
    ),
    gettext_noop("The file has a document type, which neither banks nor markets send; it is not read."),
    gettext_noop("The answer does not say to which file it answers (OrgnlMsgId); ask the bank for it again."),
    gettext_noop("The file holds no %(part)s: there is no statement in it; ask the bank for it again."),
    gettext_noop("Statement '%(number)s', entry %(entry)s, payment %(payment)s: %(problem)s"),
    gettext_noop("Statement '%(number)s', entry %(entry)s: %(problem)s"),
    gettext_noop("Statement '%(number)s', balance %(balance)s: %(problem)s"),
    gettext_noop("Statement '%(number)s': %(problem)s"),
    gettext_noop("It has more than %(most)s entries; fetch a shorter period."),
    gettext_noop("It has more than %(most)s payments; fetch a shorter period."),
    gettext_noop("The entry is in %(theirs)s, its account in %(ours)s; bring the statement of that account."),
    gettext_noop("There is no day of booking (BookgDt)."),
    gettext_noop(
        "Its %(count)s payments are told in another currency; it is taken as one sum for a person to look at."
    ),
    gettext_noop(
        "Its %(count)s payments do not make its sum; it is taken as one sum for a person to look at."
    ),
    gettext_noop("There is no amount (Amt)."),
    gettext_noop("CdtDbtInd is '%(word)s', not CRDT or DBIT."),
    gettext_noop("The amount '%(text)s' has no currency (Ccy)."),
    gettext_noop("'%(text)s' is not an amount."),
    gettext_noop("'%(text)s' %(currency)s has parts of the smallest coin or is out of range."),
    gettext_noop("'%(text)s' is not a day."),
    gettext_noop("Row %(row)s, %(column)s: %(problem)s"),
    gettext_noop("Row %(row)s: %(problem)s"),
    gettext_noop("Time series %(series)s, period %(period)s, position %(position)s: %(problem)s"),
    gettext_noop("Time series %(series)s, period %(period)s: %(problem)s"),
    gettext_noop("Time series %(series)s: %(problem)s"),
    gettext_noop("Price %(number)s: %(problem)s"),
    gettext_noop("Time %(number)s: %(problem)s"),
    gettext_noop("the cell is empty; fill it in or leave the row out."),
    gettext_noop("'%(text)s' is no price; write it as 0.1234."),
    gettext_noop("'%(text)s' is above 100 per kWh; check currency and unit."),
    gettext_noop("'%(text)s' is no time; write it as 2026-03-01T00:00+01:00."),
    gettext_noop(
        "'%(text)s' lacks its offset, as in 2026-03-01T00:00+01:00; hours that come twice could not be told apart."
    ),
    gettext_noop("'%(text)s' does not begin a quarter hour."),
    gettext_noop(
        "%(time)s UTC does not follow %(before)s UTC by whole quarter hours; sort the rows and leave each time in once."
    ),
    gettext_noop(
        "The file needs a header with the columns time and price_per_kwh or price_per_mwh, and a row."
    ),
    gettext_noop("The file has more than %(most)s rows; split it."),
    gettext_noop("Its times do not rise by whole quarter hours; ask for one bidding zone, in order."),
    gettext_noop("Its prices are in %(currency)s; say what one %(same)s is worth in %(own)s."),
    gettext_noop("The file is no text in UTF-8; save it as UTF-8."),
    gettext_noop("The platform has no prices: '%(reason)s'; ask for another day or zone."),
    gettext_noop(
        "The file is %(name)s of type %(kind)s; bring %(wanted)s of type %(type)s, the day-ahead prices."
    ),
    gettext_noop("It names no currency (currency_Unit.name)."),
    gettext_noop("Its unit is '%(unit)s'; known are %(known)s."),
    gettext_noop("The file holds no prices; ask for another day or zone."),
    gettext_noop("There are two prices for %(time)s UTC; ask for one bidding zone."),
    gettext_noop("The file has more than %(most)s prices; ask for fewer days."),
    gettext_noop("Its resolution is '%(given)s'; known are %(known)s."),
    gettext_noop("From %(start)s to %(end)s UTC is no whole number of steps."),
    gettext_noop("Position %(place)s is not one of 1 to %(count)s, or comes twice."),
    gettext_noop("A curve of type A03 must begin with position 1."),
    gettext_noop("'%(text)s' is no time; it must be as 2026-03-01T00:00Z."),
    gettext_noop("'%(text)s' does not begin a quarter hour, or has no offset."),
    gettext_noop("'%(text)s' is no number for %(what)s."),
    gettext_noop("the auction"),
    gettext_noop("the position of point %(number)s"),
    gettext_noop("The file is no sound JSON; fetch it again."),
    gettext_noop(
        "The file has neither `data` (aWATTar) nor `unix_seconds` and `price` (Energy-Charts); bring one of these forms."
    ),
    gettext_noop("The file has %(times)s times and %(prices)s prices; there must be as many of both."),
    gettext_noop("It is no object of `data`."),
    gettext_noop("It does not last an hour or a part of it."),
    gettext_noop("'%(value)s' is no time in seconds since 1970."),
    gettext_noop("%(time)s UTC does not begin a quarter hour."),
    gettext_noop("Its unit is '%(unit)s'; known are prices per MWh and kWh in a currency of three letters."),
    gettext_noop("%(name)s answered %(code)s."),
    gettext_noop("%(name)s does not answer: %(reason)s."),
    gettext_noop("%(name)s sends more than 4 MB."),
    gettext_noop("%(name)s took longer than %(seconds)s s."),
    gettext_noop("The address must begin with https:// or http://."),
    gettext_noop("%(name)s knows not all prices of %(day)s yet."),
)
ORDERS = PhraseBook.of(
    gettext_noop("Payment %(id)s: %(problem)s"),
    gettext_noop(
        "The cooperative's name has no letters that banks take; write it in Latin letters at the cooperative."
    ),
    gettext_noop("The cooperative's IBAN '%(iban)s' is not right; correct it at the cooperative."),
    gettext_noop("The cooperative's BIC '%(bic)s' is not right; correct or empty it at the cooperative."),
    gettext_noop("The cooperative has no creditor identifier; write it in the rules of payment."),
    gettext_noop("The name '%(name)s' has no letters that banks take; write it in Latin letters."),
    gettext_noop("The IBAN '%(iban)s' is not right; ask the member for it again."),
    gettext_noop("The BIC '%(bic)s' is not right; correct or empty it in the mandate."),
    gettext_noop(
        "The cooperative's money is %(currency)s, and SEPA moves euro alone; pay and collect by your bank's own pages."
    ),
    gettext_noop("The IBAN '%(iban)s' is of a country that SEPA does not reach; ask for another account."),
    gettext_noop(
        "The account '%(iban)s' is outside the EEA: its bank wants a BIC; write it in a new mandate."
    ),
    gettext_noop("The amount is not above zero; take it out of the order."),
    gettext_noop(
        "The file breaks the rules of %(schema)s in line %(line)s ('%(problem)s'); tell whoever runs the program."
    ),
)
INCENTIVE_RULES = PhraseBook.of(
    gettext_noop("%(key)s: this program reads rules of format %(known)s"),
    gettext_noop("%(key)s: must be one of %(known)s"),
    gettext_noop("%(key)s: cannot be more than usual_days"),
    gettext_noop("%(key)s: is for an amount per kWh"),
    gettext_noop("%(key)s: is not known here"),
    gettext_noop('%(key)s: must be a text with an amount above 0, as "0.02"'),
    gettext_noop("%(key)s: must be a whole number from %(least)s to %(most)s"),
    gettext_noop('%(key)s: must be an object as {"from": "17:00", "to": "21:00"}'),
    gettext_noop("%(key)s: must be later than peak.from"),
    gettext_noop("%(key)s: must be true or false"),
    gettext_noop('%(key)s: must be a time, as "17:00"'),
)
TARIFF_FILES = PhraseBook.of(
    gettext_noop("%(key)s: is missing; give the prices per kWh by period and tier"),
    gettext_noop("%(key)s: is missing, but flatdemandmonths is given; give the prices per kW"),
    gettext_noop("flatdemandmonths: must be 12 numbers, one for each month"),
    gettext_noop("%(key)s: is %(given)s; give a part of 1, as 0.8 for 80 %%"),
    gettext_noop("%(key)s: is %(given)s; give a number of months, 0 to %(most)s"),
    gettext_noop("%(key)s: must be 12 times true or false, one for each month"),
    gettext_noop("%(key)s: must be a list of periods, each a list of tiers"),
    gettext_noop("%(key)s: must be a list of tiers, at least one"),
    gettext_noop("%(key)s: is %(given)s, below the tier before it (%(before)s); put tiers in rising order"),
    gettext_noop("%(key)s: must be an object with a rate"),
    gettext_noop("%(key)s: is %(given)s; a limit must not be negative"),
    gettext_noop("%(key)s: is %(given)s; known are %(known)s"),
    gettext_noop("%(key)s: is missing; give 12 rows of 24 periods, one row for each month"),
    gettext_noop("%(key)s: must have 12 rows, one for each month"),
    gettext_noop("%(key)s, row %(row)s: must have 24 periods, one for each hour"),
    gettext_noop(
        "%(key)s, row %(row)s, hour %(hour)s: is %(given)s; %(structure)s has the periods 0 to %(last)s"
    ),
    gettext_noop("%(key)s, month %(month)s: is %(given)s; %(structure)s has the periods 0 to %(last)s"),
    gettext_noop("%(key)s: is %(given)s; %(structure)s has the periods 0 to %(last)s"),
    gettext_noop("%(key)s: is %(given)s; only kW can be billed, so give prices per kW"),
    gettext_noop("%(key)s: is missing; give the price"),
    gettext_noop("%(key)s: has more than %(most)s decimals; round it"),
    gettext_noop("%(key)s: is %(given)s; must be a number"),
    gettext_noop("%(key)s: is %(given)s; must be a finite number below %(most)s"),
)
