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
};

/** Says texts in the page's language by a list, their places filled. */
export const speaker = (list) => (text, places = {}) => {
  const german = globalThis.document?.documentElement.lang.startsWith("de");
  return Object.entries(places).reduce((said, [name, value]) => said.replaceAll(`{${name}}`, value), german ? (list[text] ?? text) : text);
};

/** A text in the page's language, its places filled. */
export const words = speaker(GERMAN);
