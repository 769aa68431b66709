"""The words of an annual statement, in each language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AnnualWords:
    """One language; `columns` by what they hold."""

    title: str
    intro: str
    drawn: str
    given: str
    co2: str
    columns: dict[str, str]
    total: str
    balance_pay: str
    balance_get: str
    note: str
    labels: dict[str, str]


ANNUAL_WORDS = {
    "en": AnnualWords(
        title="Your year {year}",
        intro="What you drew and gave at {site}, where it came from, and what it cost and brought, from all documents that count.",
        drawn="You drew {kwh}, {percent} % of it from neighbours.",
        given="You fed in {kwh}; neighbours used {local} of it at that moment.",
        co2="{kg} kg CO2 at {factor} g per kWh from the public grid",
        columns={
            "month": "Month",
            "local": "From neighbours, kWh",
            "grid": "From the grid, kWh",
            "delivered": "To neighbours, kWh",
            "export": "To the grid, kWh",
            "paid": "Bills",
            "earned": "Credits",
            "co2": "CO2, kg",
        },
        total="Year",
        balance_pay="Together you pay {amount} {currency} more than you are paid.",
        balance_get="Together you are paid {amount} {currency} more than you pay.",
        note="Amounts with VAT. Documents that were taken back do not count; those in their place do.",
        labels={"member": "Member", "site": "Metering point", "months": "Months billed", "download": "Download PDF"},
    ),
    "de": AnnualWords(
        title="Ihr Jahr {year}",
        intro="Was Sie an {site} bezogen und abgegeben haben, woher es kam, was es kostete und einbrachte: aus allen geltenden Belegen.",
        drawn="Sie bezogen {kwh}, davon {percent} % von Nachbarn.",
        given="Sie speisten {kwh} ein; davon nutzten Nachbarn in dem Moment {local}.",
        co2="{kg} kg CO2 bei {factor} g je kWh aus dem öffentlichen Netz",
        columns={
            "month": "Monat",
            "local": "Von Nachbarn, kWh",
            "grid": "Aus dem Netz, kWh",
            "delivered": "An Nachbarn, kWh",
            "export": "Ins Netz, kWh",
            "paid": "Rechnungen",
            "earned": "Gutschriften",
            "co2": "CO2, kg",
        },
        total="Jahr",
        balance_pay="Zusammen zahlen Sie {amount} {currency} mehr, als Sie erhalten.",
        balance_get="Zusammen erhalten Sie {amount} {currency} mehr, als Sie zahlen.",
        note="Beträge mit Umsatzsteuer. Zurückgenommene Belege zählen nicht, wohl aber die an ihrer Stelle.",
        labels={"member": "Mitglied", "site": "Messpunkt", "months": "Abgerechnete Monate", "download": "PDF herunterladen"},
    ),
}
