"""The code on a bill that a banking app reads: EPC069-12, SEPA credit transfer."""


def epc_code(*, name: str, iban: str, bic: str, amount_minor: int, reference: str) -> str:
    """Content of an EPC QR code, version 002; amount in euro cents."""
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
            "",
            reference[:140],
        ]
    )
