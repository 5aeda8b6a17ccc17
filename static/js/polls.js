// Parts that read themselves again every few seconds ([data-poll]) rest while nobody looks or live updates are paused.

document.addEventListener("htmx:before:request", (event) => {
  if (!event.target.closest?.("[data-poll]") || event.target.closest("form")) return;
  if (document.hidden || document.getElementById("pill").dataset.state === "paused") event.preventDefault();
});
