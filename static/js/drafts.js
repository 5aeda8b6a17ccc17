// What somebody has open or is writing on the page stays as it is when the page is read again.

const IN_USE = "details.acts[open], form[data-act], form[data-post]";
const SAME = "details.acts, form[data-act], form[data-post]";
let focused = null;

/** Whose it is, and what it does. */
function named(each) {
  return `${each.closest("[id]").id} ${each.querySelector(":scope > summary")?.textContent ?? each.getAttribute("action")}`;
}

function isWritten(field) {
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
}

/** Whether it is open, or somebody is at it; a form in something that is open stays with that. */
function isInUse(each) {
  if (each.matches("details")) return true;
  const answers = each.matches("[data-post]") && (each.contains(document.activeElement) || each.elements.reply_to.value);
  return !each.closest("details") && (answers || [...each.elements].some(isWritten));
}

// Put into what is about to take the page's place; a link to another page takes nothing along but the post of a thread.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const page = document.getElementById("page");
  if (!page || ctx.target !== page) return;
  focused = document.activeElement;
  const fresh = new Map(tasks.flatMap(({ fragment }) => [...fragment.querySelectorAll(SAME)].map((each) => [named(each), each])));
  for (const each of [...page.querySelectorAll(ctx.isRepeat ? IN_USE : "form[data-post]")].filter(isInUse)) {
    fresh.get(named(each))?.replaceWith(each);
  }
});

window.addEventListener("nexus:settled", () => {
  if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
  focused = null;
});
