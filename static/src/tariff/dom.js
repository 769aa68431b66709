// Elements made in one line; texts of the editor in the page's language.
import { say } from "./words.js";

let counter = 0;
export const freshId = (word) => `te-${word}-${(counter += 1)}`;

export function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, key === "aria-label" ? say(value) : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false).map((child) => (typeof child === "string" ? say(child) : child)));
  return made;
}

/** A number as people write it, with the point the program wants. */
export const number = (text) => text.trim().replace(",", ".");

/** A decimal text moved by digits, exactly: percent to share and back. */
export function moved(text, digits) {
  const clean = number(String(text));
  if (!/^-?\d*\.?\d*$/.test(clean) || !/\d/.test(clean)) return clean;
  const negative = clean.startsWith("-");
  let [whole, part = ""] = clean.replace("-", "").split(".");
  if (digits >= 0) {
    part = part.padEnd(digits, "0");
    whole += part.slice(0, digits);
    part = part.slice(digits);
  } else {
    whole = whole.padStart(1 - digits, "0");
    part = whole.slice(digits) + part;
    whole = whole.slice(0, digits);
  }
  part = part.replace(/0+$/, "");
  whole = whole.replace(/^0+(?=\d)/, "") || "0";
  return `${negative ? "-" : ""}${whole}${part ? `.${part}` : ""}`;
}

export function labelled(text, input, more) {
  const id = freshId("field");
  input.id = id;
  return make("div", { class: "te-field" }, make("label", { for: id }, text), input, more);
}

export function choice(options, value, onchange, attributes = {}) {
  const select = make("select", { class: "te-input", onchange: () => onchange(select.value), ...attributes });
  for (const [key, words] of options) select.append(make("option", { value: key, selected: key === String(value) }, words));
  return select;
}

export function entry(value, onchange, attributes = {}) {
  const input = make("input", { class: "te-input", type: "text", autocomplete: "off", value: value ?? "", oninput: () => onchange(input.value), ...attributes });
  return input;
}
