"""Numbers as people and programs write them into addresses and forms."""

MOST_DIGITS = 18


def whole_number(text: str, *, least: int = 0, most: int = 10**MOST_DIGITS - 1) -> int | None:
    """The whole number that the text is, in plain digits and within the bounds; None where it is none.

    `str.isdigit` alone also holds for '²', which `int` refuses, and for thousands of digits, which it refuses as well.
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        return None
    number = int(digits)
    return number if least <= number <= most else None
