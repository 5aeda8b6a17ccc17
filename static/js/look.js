// What a person chose of the frame: the theme, the width of the inspector, the rail.

const YEAR = 31536000;
const NARROWEST = 360;
const WIDEST = 640;
const STEP = 16;

function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=strict`;
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.getElementById("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  remember("nexus_theme", theme);
  window.dispatchEvent(new CustomEvent("nexus:theme", { detail: theme }));
});

/** Set the width of the inspector in pixels. */
function widen(pixels) {
  const width = Math.round(Math.min(WIDEST, Math.max(NARROWEST, pixels)));
  document.documentElement.style.setProperty("--inspector", `${width}px`);
  localStorage.setItem("nexus.inspector", width);
  document.querySelector(".inspector-grip")?.setAttribute("aria-valuenow", width);
}

const kept = Number(localStorage.getItem("nexus.inspector"));
if (kept) widen(kept);

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest(".inspector-grip");
  if (!grip) return;
  grip.setPointerCapture(event.pointerId);
  const drag = (moved) => widen(innerWidth - moved.clientX);
  grip.addEventListener("pointermove", drag);
  grip.addEventListener("pointerup", () => grip.removeEventListener("pointermove", drag), { once: true });
});

document.addEventListener("keydown", (event) => {
  if (!event.target.closest?.(".inspector-grip")) return;
  const step = { ArrowLeft: STEP, ArrowRight: -STEP }[event.key];
  if (step) widen(document.getElementById("inspector").offsetWidth + step);
});
