// What somebody has open or is writing on the page stays when the page is read again.

const FIELDS = "input, textarea, select";
const POST = "form[data-post]";
const KEPT = "details:is(.acts, .filter), form:not(details form)"; // a form in a menu stays with that
let focused = null;

/** Whose it is, and what it does. */
function named(each) {
  const said = each.querySelector(":scope > summary")?.textContent;
  return [each.closest("[id]").id, said ?? each.getAttribute("action"), ...[...(each.elements ?? [])].map((field) => field.name)].join(" ");
}

function byName(all) {
  const found = new Map();
  for (const each of all) {
    let name = named(each);
    while (found.has(name)) name += "+";
    found.set(name, each);
  }
  return found;
}

/** Whether a field is not as the page came; where no option is marked, the first is chosen. */
function isWritten(field) {
  if (field.type === "select-one") return field.selectedIndex !== Math.max(0, [...field.options].findIndex((each) => each.defaultSelected));
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
}

/** Whether somebody has begun to fill it in. */
function isInUse(each) {
  const at = document.activeElement;
  const isAt = at?.matches(FIELDS) && each.contains(at) && each.matches(`details, ${POST}`);
  return isAt || each.elements?.reply_to?.value || [...each.querySelectorAll(FIELDS)].some(isWritten);
}

/** Open again what was open; what is in it may be new. */
function reopen(each, fresh) {
  each.open = false; // of those that share a name only one may be open, and for a moment both are there
  fresh.open = true;
  if (focused === each.querySelector("summary")) focused = fresh.querySelector("summary");
}

// Put into what is about to take the page's place; a link to another page takes nothing along but the post of a thread.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const page = document.getElementById("page");
  if (!page || ctx.target !== page) return;
  focused = document.activeElement;
  const fresh = byName(tasks.flatMap(({ fragment }) => [...fragment.querySelectorAll(KEPT)]));
  for (const [name, each] of byName(page.querySelectorAll(ctx.isRepeat ? KEPT : POST))) {
    const other = fresh.get(name);
    if (other && isInUse(each)) other.replaceWith(each);
    else if (other && each.open) reopen(each, other);
  }
});

window.addEventListener("nexus:settled", () => {
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  focused = null;
});
