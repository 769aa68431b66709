// Pages for hands on the keyboard: data-key names the key that presses a control, data-row-key one of the row at hand; J and K walk
// over rows, X chooses, Enter opens.
const typing = (target) => target.matches?.("textarea, select, input:not([type=checkbox]):not([type=radio])");

function press(control) {
  if (control.matches("input[type=text]")) control.focus();
  else control.click();
}

function stand(row) {
  row.classList.add("at");
  row.querySelector("a")?.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const next = Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[at]?.classList.remove("at");
  stand(rows[next]);
  return true;
}

/** What a key does on this page; false where it does nothing. */
function act(key) {
  if (key === "j" && walk(1)) return true;
  if (key === "k" && walk(-1)) return true;
  if (key === "x") {
    const box = document.querySelector("[data-row].at input[type=checkbox]");
    box?.click();
    return Boolean(box);
  }
  const name = CSS.escape(key);
  const control = document.querySelector(`[data-row].at [data-row-key="${name}"]`) ?? document.querySelector(`[data-key="${name}"]`);
  if (control) press(control);
  if (control?.matches("summary")) control.parentElement.querySelector("select, input")?.focus();
  return Boolean(control);
}

if (document.querySelector("[data-keys], [data-key]")) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    else if (!typing(event.target) && act(event.key.toLowerCase())) event.preventDefault();
  });
  // A list that renews itself keeps the hand on its row.
  let row = null;
  document.addEventListener("htmx:beforeSwap", () => { row = document.querySelector("[data-row].at")?.dataset.row; });
  document.addEventListener("htmx:afterSwap", () => {
    const same = row && document.querySelector(`[data-row="${CSS.escape(row)}"]`);
    if (same && !same.classList.contains("at")) stand(same);
  });
}
