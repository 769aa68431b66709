"""What a member is told about money between their bank and ours, in both languages."""

from datetime import date


def _sum(language: str, minor: int, currency: str) -> str:
    text = f"{minor / 100:,.2f}"
    return f"{text.translate(str.maketrans(',.', '.,')) if language == 'de' else text} {currency}"


def debit_notice(
    language: str, *, amount_minor: int, currency: str, day: date, label: str, mandate: str, account: str, creditor_id: str
) -> tuple[str, str]:
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
) -> tuple[str, str]:
    """Subject and text after a bank sent a debit back: what happened, what it costs, what to do."""
    amount, fee = _sum(language, amount_minor, currency), _sum(language, fee_minor, currency)
    if language == "de":
        text = f"Ihre Bank hat unsere Lastschrift über {amount} zurückgegeben: {why}. Die Rechnung {label} ist wieder offen."
        text += f" Die Bank berechnet dafür {fee}, die wir weitergeben." if fee_minor else " Das kostet Sie nichts."
        text += f" Bitte überweisen Sie den Betrag mit dem Verwendungszweck {reference}, oder sprechen Sie mit uns."
        if paused:
            text += " Bis dahin ziehen wir nichts mehr ein."
        return f"Eine Lastschrift kam zurück: {label}", text
    text = f"Your bank sent our debit of {amount} back: {why}. Bill {label} is open again."
    text += f" The bank charges {fee} for that, which we pass on." if fee_minor else " This costs you nothing."
    text += f" Please transfer the amount with the reference {reference}, or talk to us."
    if paused:
        text += " Until then we collect nothing more."
    return f"A debit came back: {label}", text


def debit_refused(language: str, *, amount_minor: int, currency: str, label: str, why: str, reference: str) -> tuple[str, str]:
    """Subject and text after the bank did not take a debit that was announced: nothing is collected on that day."""
    amount = _sum(language, amount_minor, currency)
    if language == "de":
        return (
            f"Wir ziehen doch nichts ein: {label}",
            f"Wir hatten angekündigt, {amount} für die Rechnung {label} einzuziehen. Die Bank hat den Auftrag nicht angenommen: {why}. "
            f"Von Ihrem Konto geht nichts ab; die Rechnung ist weiter offen. Sie können sie mit dem Verwendungszweck {reference} überweisen.",
        )
    return (
        f"Nothing is collected after all: {label}",
        f"We had announced to collect {amount} for bill {label}. The bank did not take the order: {why}. "
        f"Nothing leaves your account; the bill stays open. You can transfer it with the reference {reference}.",
    )


def overpaid(language: str, *, amount_minor: int, currency: str, label: str) -> tuple[str, str]:
    """Subject and text when a credit that was paid out is corrected downwards."""
    amount = _sum(language, amount_minor, currency)
    if language == "de":
        return (
            f"Wir haben Ihnen {amount} zu viel ausgezahlt",
            f"Ihre Gutschrift {label} wurde berichtigt, nachdem sie ausgezahlt war. {amount} davon stehen Ihnen nicht zu. Sie müssen nichts tun: "
            "Wir ziehen den Betrag von Ihren nächsten Gutschriften ab. Sie können ihn auch überweisen; er steht unter Ihren Zahlungen.",
        )
    return (
        f"We paid you {amount} too much",
        f"Your credit {label} was corrected after it had been paid out. {amount} of it is not yours. You need not do anything: we take it off "
        "your next credits. You can also transfer it; it stands among your payments.",
    )
