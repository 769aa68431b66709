// The words that scripts put on a page, in the page's language: English as written, German from this list.
const GERMAN = {
  "produced": "erzeugt", "used": "verbraucht", "shared with neighbours": "mit Nachbarn geteilt", "drawn from neighbours": "von Nachbarn bezogen",
  "out of batteries": "aus Batterien", "into batteries": "in Batterien", "planned out of batteries": "aus Batterien, geplant",
  "planned into batteries": "in Batterien, geplant", "from neighbours": "von Nachbarn", "from the public grid": "aus dem öffentlichen Netz",
  "own roof": "eigenes Dach", "measured": "gemessen", "in question": "fraglich", "most likely": "am wahrscheinlichsten", "at least": "mindestens",
  "at most": "höchstens", "to": "bis", "now": "jetzt", "Show as table": "Als Tabelle zeigen", "When": "Wann",
  "From the public grid": "Aus dem öffentlichen Netz", "To the public grid": "Ins öffentliche Netz", "% full": "% voll", "kW taken": "kW geladen",
  "kW given": "kW abgegeben", "kW, idle": "kW, ruht", "charging": "laden", "giving": "geben", "taking": "nimmt",
  "Reasons are kept with ticks, not with closed days.": "Gründe werden mit Takten aufbewahrt, nicht mit geschlossenen Tagen.",
  "Held back": "Zurückgehalten", "Let go": "Abgeschaltet", "and {count} more": "und {count} weitere",
  "replayed": "Wiedergabe", "waiting for the first reading": "wartet auf den ersten Wert", "live": "live", "{seconds} s old": "{seconds} s alt",
  "Play": "Abspielen", "Pause": "Anhalten", "A kept tick.": "Ein aufbewahrter Takt.",
  "Nothing is kept of that moment: no tick ran, and its day is not closed.": "Von diesem Moment ist nichts aufbewahrt: Es lief kein Takt, und der Tag ist nicht geschlossen.",
  "The moment cannot be shown now ({status}).": "Der Moment kann gerade nicht gezeigt werden ({status}).",
  "From the closed day: means of its quarter hour, with the power flow computed anew.": "Aus dem geschlossenen Tag: Mittel seiner Viertelstunde, der Lastfluss neu gerechnet.",
  "A kept tick; what its wires carried is not kept.": "Ein aufbewahrter Takt; was die Leitungen führten, ist nicht aufbewahrt.",
  "{percent} % of its rating": "{percent} % der Belastbarkeit", "{volts}, below its band": "{volts}, unter dem Band", "{volts}, above its band": "{volts}, über dem Band",
  "{volts}, near the lower end": "{volts}, nahe am unteren Ende", "{volts}, near the upper end": "{volts}, nahe am oberen Ende",
  ", takes {power} kW": ", nimmt {power} kW", ", gives {power} kW": ", gibt {power} kW", "charge not known": "Ladung nicht bekannt", "{percent} % full": "{percent} % voll",
  ", overloaded": ", überlastet", ", high": ", hoch", "not known": "nicht bekannt", "no voltage known": "keine Spannung bekannt",
  "Every figure is as anchored on the chain.": "Jede Zahl ist so, wie sie auf der Kette verankert ist.",
  "This bill is not what was anchored.": "Diese Rechnung ist nicht die verankerte.", "This bill cannot be checked yet.": "Diese Rechnung kann noch nicht geprüft werden.",
  "Try again in some minutes.": "Versuchen Sie es in einigen Minuten noch einmal.", "The chain could not be reached.": "Die Kette war nicht zu erreichen.",
  "The check could not be finished.": "Die Prüfung kam nicht zum Ende.", "One figure does not match.": "Eine Zahl stimmt nicht überein.",
  "{count} figures do not match.": "{count} Zahlen stimmen nicht überein.", "not shown": "nicht gezeigt",
  "{label}: the page says “{seen}”, which is not what was committed.": "{label}: Auf der Seite steht „{seen}“; das wurde nicht versiegelt.",
  "{label}: the page says “{seen}”, committed is “{value}”.": "{label}: Auf der Seite steht „{seen}“, versiegelt ist „{value}“.",
  "Every figure fits its commitment, but the root could not be read from the chain ({problem}). Your bill is as it was; try again later.":
    "Jede Zahl passt zu ihrem Siegel, aber die Wurzel war auf der Kette nicht zu lesen ({problem}). Ihre Rechnung ist, wie sie war; versuchen Sie es später noch einmal.",
  "Computed root {root}": "Errechnete Wurzel {root}", "Root on the chain {root}": "Wurzel auf der Kette {root}",
  "{count} figures and words on this page fit their sealed hashes.": "{count} Zahlen und Wörter dieser Seite passen zu ihren versiegelten Hashes.",
  "Together they form leaf {leaf}… of a tree whose root was recomputed here through {steps} steps.": "Zusammen bilden sie das Blatt {leaf}… eines Baums, dessen Wurzel hier über {steps} Schritte nachgerechnet wurde.",
  "The same root {root}… stands on chain {chain} in contract {contract}, block {block}.": "Dieselbe Wurzel {root}… steht auf der Kette {chain} im Vertrag {contract}, Block {block}.",
  "The chain has this bill as settled. If it is not, write to us.": "Die Kette führt diese Rechnung als beglichen. Stimmt das nicht, schreiben Sie uns.",
  "Nothing is left to pay of this bill on the chain.": "Auf der Kette ist von dieser Rechnung nichts mehr zu zahlen.",
  "The amounts have expired and are being renewed. Load this page again in some minutes.": "Die Beträge sind abgelaufen und werden erneuert. Laden Sie die Seite in einigen Minuten noch einmal.",
  "This coin is not taken for this bill any more. Load this page again.": "Diese Münze wird für diese Rechnung nicht mehr genommen. Laden Sie die Seite noch einmal.",
  "No coins arrived at the contract. Nothing was paid.": "Beim Vertrag sind keine Münzen angekommen. Es wurde nichts gezahlt.",
  "You declined in your wallet. Nothing was paid.": "Sie haben in Ihrer Wallet abgelehnt. Es wurde nichts gezahlt.",
  "Your wallet waits for an answer already. Open it.": "Ihre Wallet wartet schon auf eine Antwort. Öffnen Sie sie.",
  "Your account has too little of the chain's coin for the amount and the fee.": "Auf Ihrem Konto ist zu wenig von der Münze der Kette für Betrag und Gebühr.",
  "Your wallet says: {problem}": "Ihre Wallet sagt: {problem}",
  "Switch your wallet to chain {chain}, then try again.": "Stellen Sie Ihre Wallet auf Kette {chain} und versuchen Sie es noch einmal.",
  "Your account has too little {coin}: {amount} are needed.": "Auf Ihrem Konto ist zu wenig {coin}: nötig sind {amount}.",
  "The chain has not taken transaction {hash} yet. It may still come: look into your wallet before you pay again.": "Die Kette hat die Transaktion {hash} noch nicht aufgenommen. Sie kann noch kommen: Sehen Sie in Ihre Wallet, bevor Sie noch einmal zahlen.",
  "Confirm in your wallet: the contract may take {amount} {coin}.": "Bestätigen Sie in Ihrer Wallet: Der Vertrag darf {amount} {coin} nehmen.",
  "Confirm in your wallet: the former allowance ends.": "Bestätigen Sie in Ihrer Wallet: Die frühere Erlaubnis endet.",
  "Confirm in your wallet: pay {amount} {coin}.": "Bestätigen Sie in Ihrer Wallet: {amount} {coin} zahlen.",
  "Confirm in your wallet: make {amount} {coin} to try with.": "Bestätigen Sie in Ihrer Wallet: {amount} {coin} zum Ausprobieren herstellen.",
  "The coins to try with are made.": "Die Münzen zum Ausprobieren sind hergestellt.",
  "The contract may take the coins.": "Der Vertrag darf die Münzen nehmen.",
  "The former allowance has ended.": "Die frühere Erlaubnis ist beendet.",
  "Paid in transaction {hash}.": "Gezahlt in Transaktion {hash}.",
  "Choose the account in your wallet.": "Wählen Sie in Ihrer Wallet das Konto.",
  "Your wallet gave no account. Nothing was paid.": "Ihre Wallet gab kein Konto an. Es wurde nichts gezahlt.",
  "Sent. The chain takes some seconds.": "Gesendet. Die Kette braucht einige Sekunden.",
  "The contract refused transaction {hash}. Nothing was paid but the chain's fee.": "Der Vertrag hat die Transaktion {hash} abgewiesen. Gezahlt wurde nichts als die Gebühr der Kette.",
  "The cooperative's server does not answer ({status}).": "Der Server der Genossenschaft antwortet nicht ({status}).",
  "Blocks until it is booked: {count}. You can leave this page.": "Blöcke bis zur Buchung: {count}. Sie können die Seite verlassen.",
  "Paid on the chain, not booked yet. You need do nothing more.": "Auf der Kette gezahlt, noch nicht gebucht. Sie müssen nichts weiter tun.",
  "Paid and booked. Thank you.": "Gezahlt und gebucht. Danke.",
  "Booked. A part is left to pay.": "Gebucht. Ein Teil ist noch zu zahlen.",
  "Copied": "Kopiert",
};

/** Says texts in the page's language by a list, their places filled. */
export const speaker = (list) => (text, places = {}) => {
  const german = globalThis.document?.documentElement.lang.startsWith("de");
  return Object.entries(places).reduce((said, [name, value]) => said.replaceAll(`{${name}}`, value), german ? (list[text] ?? text) : text);
};

/** The language in which figures and dates are written: English as the pages write it, day before month. */
export const locale = () => {
  const language = globalThis.document?.documentElement.lang || "en";
  return language === "en" ? "en-GB" : language;
};

/** A text in the page's language, its places filled. */
export const words = speaker(GERMAN);
