"""The code on a bill that a banking app reads: EPC069-12, SEPA credit transfer."""

import re

from billing.domain.banking.references import structured

STRUCTURED = re.compile(r"[A-Z0-9]{1,21}")


def epc_code(*, name: str, iban: str, bic: str, amount_minor: int, reference: str) -> str:
    """Content of an EPC QR code, version 002; amount in euro cents, the reference as ISO 11649 creditor reference.

    A structured reference comes back in the payer's transfer unchanged, with check digits, where words may be typed over.
    """
    return "\n".join(
        [
            "BCD",
            "002",
            "1",
            "SCT",
            bic,
            name[:70],
            iban.replace(" ", ""),
            f"EUR{amount_minor / 100:.2f}",
            "",
            structured(reference) if STRUCTURED.fullmatch(reference) else "",
            "" if STRUCTURED.fullmatch(reference) else reference[:140],
        ]
    )
