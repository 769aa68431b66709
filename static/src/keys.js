// Pages for hands on the keyboard: data-key names the key that presses a control; J and K walk over rows, X chooses, Enter opens.
const typing = (target) => target.matches?.("textarea, select, input:not([type=checkbox]):not([type=radio])");

function press(control) {
  if (control.matches("input[type=text]")) control.focus();
  else control.click();
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("at"));
  const next = Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[at]?.classList.remove("at");
  rows[next].classList.add("at");
  rows[next].querySelector("a")?.focus({ preventScroll: true });
  rows[next].scrollIntoView({ block: "nearest" });
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
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (control) press(control);
  return Boolean(control);
}

if (document.querySelector("[data-keys], [data-key]")) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target)) event.target.blur();
    else if (!typing(event.target) && act(event.key.toLowerCase())) event.preventDefault();
  });
}
