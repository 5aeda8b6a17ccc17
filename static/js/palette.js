// The palette: search over everything from any page. The arrows walk what was found while the field keeps the focus.

const palette = () => document.getElementById("palette");
const field = () => document.getElementById("palette-query");
const options = () => [...document.querySelectorAll("#palette-found [role=option]")];
const chosen = () => document.querySelector('#palette-found [role=option][aria-selected="true"]');

/** Open the palette with what was typed last, to be typed over. */
export function open() {
  if (document.querySelector("dialog[open]")) return;
  palette().showModal();
  field().focus();
  field().select();
}

function choose(option) {
  chosen()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) field().setAttribute("aria-activedescendant", option.id);
  else field().removeAttribute("aria-activedescendant");
}

function walk(step) {
  const all = options();
  if (all.length) choose(all[(all.indexOf(chosen()) + step + all.length) % all.length]);
}

/** Choose the first of what was found for the words in the field; what was found for others is not opened by Enter. */
function chooseFirst() {
  const list = document.getElementById("palette-list");
  choose(list?.dataset.text === field().value.trim() ? options()[0] : undefined);
}

/** Say how many were found, and choose the first. */
function renewed() {
  const list = document.getElementById("palette-list");
  field().setAttribute("aria-expanded", String(Boolean(list)));
  field().setAttribute("aria-controls", list ? "palette-list" : "palette-found");
  document.getElementById("palette-count").textContent = list ? `${list.dataset.count} found` : "";
  chooseFirst();
}

// Chromium would take Escape to empty the field first; the footer says that it closes.
const KEYS = { ArrowDown: () => walk(1), ArrowUp: () => walk(-1), Escape: () => palette().close() };

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
    event.preventDefault();
    if (palette().open) palette().close();
    else open();
    return;
  }
  if (event.target !== field()) return;
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
  if (event.key === "Enter" && chosen()) {
    event.preventDefault();
    chosen().click();
  }
});

document.addEventListener("input", (event) => {
  if (event.target === field()) chooseFirst();
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail?.ctx?.target?.id === "palette-found") renewed();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-search]");
  if (opener && !(event.metaKey || event.ctrlKey || event.shiftKey)) {
    event.preventDefault();
    open();
  }
  if (event.target.closest("#palette-found a")) palette().close();
});
