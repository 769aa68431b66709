"""What our accounts are called in Germany's usual charts, as a beginning: the adviser's word counts, numbers are data.

General accounts without a tax automatism, so that VAT is booked where we book it and computed nowhere twice.
"""

SKR03 = {
    "energy_sales": 8200,
    "fees": 8205,
    "local_clearing": 1590,
    "energy_purchases": 3200,
    "incentives": 4630,
    "reminder_fees": 8206,
    "arrears_interest": 2650,
    "distributions": 2870,
    "exchange": 1595,
    "vat": 1770,
    "input_vat": 1570,
    "reverse_vat": 1785,
    "reverse_input_vat": 1577,
    "vat_cost": 4300,
    "bank": 1200,
    "chain_wallet": 1210,
    "own_wallet": 1220,
    "coins_sold": 1362,
    "coin_result": 2720,
    "coin_fees": 4972,
    "rounding": 2300,
    "cash": 1000,
    "mobile_money": 1215,
    "card": 1361,
    "card_fees": 4971,
    "suspense": 1370,
    "transit": 1360,
    "bank_charges": 4970,
    "return_fees": 4975,
    "reserves": 846,
    "retained_earnings": 860,
    "member_shares": 810,
    "opening": 9000,
    "withheld_tax": 1746,
}
FIRST_OTHER = 9500
BESIDE = 10


def number_of(code: str, taken: set[int]) -> int:
    """The usual number of an account's code; the next free one from 9000 for what the chart has no word for."""
    usual = SKR03.get(code)
    if usual is not None:
        # An account for each VAT key: beside the first one, as far as the chart means nothing else there.
        for number in range(usual, usual + BESIDE):
            if number not in taken and (number == usual or number not in SKR03.values()):
                return number
    number = FIRST_OTHER
    while number in taken:
        number += 1
    return number
