"""What a member is told about their direct debits, in both languages."""

from datetime import date


def _sum(language: str, minor: int, currency: str) -> str:
    text = f"{minor / 100:,.2f}"
    return f"{text.translate(str.maketrans(',.', '.,')) if language == 'de' else text} {currency}"


def debit_notice(
    language: str, *, amount_minor: int, currency: str, day: date, label: str, mandate: str, account: str, creditor_id: str
) -> tuple[str, str]:  # fmt: skip
    """Subject and text of the notice before a debit, with what the SEPA rules ask for."""
    amount = _sum(language, amount_minor, currency)
    if language == "de":
        return (
            f"Wir ziehen {amount} am {day:%d.%m.%Y} ein",
            f"Für die Rechnung {label} ziehen wir {amount} am {day:%d.%m.%Y} von Ihrem Konto {account} ein. "
            f"Mandatsreferenz {mandate}, unsere Gläubiger-Identifikationsnummer {creditor_id}. Sie müssen nichts tun.",
        )
    return (
        f"We collect {amount} on {day:%d/%m/%Y}",
        f"For bill {label} we collect {amount} on {day:%d/%m/%Y} from your account {account}. "
        f"Mandate {mandate}, our creditor identifier {creditor_id}. You need not do anything.",
    )


def debit_returned(
    language: str, *, amount_minor: int, currency: str, label: str, why: str, fee_minor: int, paused: bool, reference: str
) -> tuple[str, str]:  # fmt: skip
    """Subject and text after a bank sent a debit back: what happened, what it costs, what to do."""
    amount, fee = _sum(language, amount_minor, currency), _sum(language, fee_minor, currency)
    if language == "de":
        text = f"Ihre Bank hat unsere Lastschrift über {amount} zurückgegeben: {why}. Die Rechnung {label} ist wieder offen."
        text += (
            f" Die Bank berechnet dafür {fee}, die wir weitergeben."
            if fee_minor
            else " Das kostet Sie nichts."
        )
        text += f" Bitte überweisen Sie den Betrag mit dem Verwendungszweck {reference}, oder sprechen Sie mit uns."
        if paused:
            text += " Bis dahin ziehen wir nichts mehr ein."
        return f"Eine Lastschrift kam zurück: {label}", text
    text = f"Your bank sent our debit of {amount} back: {why}. Bill {label} is open again."
    text += (
        f" The bank charges {fee} for that, which we pass on." if fee_minor else " This costs you nothing."
    )
    text += f" Please transfer the amount with the reference {reference}, or talk to us."
    if paused:
        text += " Until then we collect nothing more."
    return f"A debit came back: {label}", text
