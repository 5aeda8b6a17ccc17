// Forms that act without leaving the page, toasts that say what came of it, and buttons that copy.

const SHOWN = 5000;
const toasts = () => document.getElementById("toasts");

/** Ask before something that cannot be undone; resolves to whether to go on. */
function confirmed(question, verb) {
  const dialog = document.getElementById("confirm");
  dialog.querySelector("h2").textContent = question;
  dialog.querySelector("[value=yes]").textContent = verb;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.returnValue = "no";
  });
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-act]");
  if (!form || event.submitter?.hasAttribute("data-preview")) return;
  event.preventDefault();
  const verb = event.submitter?.textContent.trim() || "Do it";
  if (form.dataset.confirm && !(await confirmed(form.dataset.confirm, verb))) return;
  await send(form, event.submitter);
});

/** The page's token, which rows that arrived live do not carry themselves. */
const token = () => document.querySelector("#confirm [name=csrfmiddlewaretoken]")?.value ?? "";

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter)); // before the button is off, as its value counts too
  submitter?.setAttribute("disabled", "");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": token() } });
    await answered(form, answer);
  } catch {
    toast("The server does not answer. It may be restarting; try again in a moment.", "red");
  } finally {
    submitter?.removeAttribute("disabled");
  }
}

async function answered(form, answer) {
  const html = await answer.text();
  const slot = form.querySelector(".refusal");
  const done = answer.headers.get("HX-Trigger")?.includes("nexus:acted");
  if (slot && !done) {
    slot.textContent = textOf(html);
    return undefined;
  }
  if (!answer.ok) return toast("That did not work. The server's log says why.", "red");
  show(html);
  if (!done) return undefined;
  form.closest("dialog")?.close();
  form.closest("details")?.removeAttribute("open");
  if (form.dataset.then) return window.dispatchEvent(new CustomEvent("nexus:go", { detail: form.dataset.then }));
  form.reset();
  return document.dispatchEvent(new CustomEvent("nexus:acted"));
}

function textOf(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
}

/** Put a rendered toast on the page. */
export function show(html) {
  toasts().insertAdjacentHTML("beforeend", html);
  expire(toasts().lastElementChild);
}

/** Say something that the page itself found out. */
export function toast(text, colour = "green") {
  const box = document.createElement("div");
  box.className = `toast toast-${colour}`;
  const line = document.createElement("p");
  line.textContent = text;
  box.append(line);
  toasts().append(box);
  expire(box);
}

/** Take a toast away after a while, unless somebody is at it. */
function expire(box) {
  if (!box) return;
  const later = () => setTimeout(() => (box.matches(":hover, :focus-within") ? later() : box.remove()), SHOWN);
  later();
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast").remove();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
});

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source ? (source.value ?? source.textContent) : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text.trim());
    toast("Copied");
  } catch {
    if (source) getSelection().selectAllChildren(source);
    toast("Select it and press Ctrl+C: this page may not copy", "red");
  }
}

for (const box of document.querySelectorAll("[data-toast]")) expire(box);
