// The composer in a dialog: it sends without leaving the page; what is refused comes back as it was typed.

import { show } from "./acts.js";

const DARK = "The server does not answer. What you wrote is still here; try again in a moment.";

document.addEventListener("submit", (event) => {
  const button = event.submitter;
  const previews = button?.hasAttribute("data-preview");
  const form = event.target.closest(previews ? "form" : "form[data-compose-form]");
  if (!form || !(previews || form.closest("dialog"))) return;
  event.preventDefault();
  post(form, button, previews);
});

async function post(form, button, previews) {
  const body = new URLSearchParams(new FormData(form, button));
  button?.setAttribute("disabled", "");
  try {
    const url = button?.getAttribute("formaction") ?? form.action;
    const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
    const html = await answer.text();
    if (previews) preview(form, html);
    else if (answer.headers.get("HX-Trigger")?.includes("nexus:acted")) done(form, html);
    else returned(form, html);
  } catch {
    form.querySelector(".compose-foot .refusal, .refusal").textContent = DARK;
  } finally {
    button?.removeAttribute("disabled");
  }
}

function preview(form, html) {
  const box = form.querySelector(".compose-preview");
  box.innerHTML = html;
  box.hidden = !box.textContent.trim();
}

function done(form, html) {
  form.closest("dialog").close();
  show(html);
  document.dispatchEvent(new CustomEvent("nexus:acted"));
}

function returned(form, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-form]");
  if (!fresh) return;
  form.closest("[data-form]").replaceWith(fresh);
  const wrong = fresh.querySelector("[aria-invalid]");
  (wrong?.matches("fieldset") ? wrong.querySelector("input, select") : wrong)?.focus();
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("[data-again]")?.form;
  form?.requestSubmit(form.querySelector("[name=again]"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("form[data-compose-form]");
  form?.requestSubmit(form.querySelector("[data-send]"));
});
