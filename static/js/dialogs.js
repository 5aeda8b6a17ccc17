// Dialogs: [data-open] opens one of the page, [data-sheet] and [data-compose] fetch a form into one.

const sheet = () => document.getElementById("sheet");

/** Open a form's page as a dialog; its own page stays for those without JavaScript. */
async function openSheet(url) {
  await htmx.ajax("GET", url, { source: "#sheet-body", target: "#sheet-body", swap: "innerHTML", select: "[data-form]" });
  if (!sheet().open) sheet().showModal();
  const first = sheet().querySelector("[autofocus]") ?? sheet().querySelector("input:not([type=hidden]), textarea, select");
  first?.focus();
}

document.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  const opener = event.target.closest("[data-open]");
  if (opener) document.querySelector(opener.dataset.open)?.showModal();
  const link = event.target.closest("a[data-sheet], a[data-compose]");
  if (link) {
    event.preventDefault();
    openSheet(link.getAttribute("href"));
  }
  const dialog = event.target.closest("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-cancel]"))) {
    event.preventDefault();
    dialog.close();
  }
});
