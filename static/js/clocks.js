// Times as people say them, and leases that run down: one timer ticks all, corrected by the server's clock.

const SECOND = 1000;
let ahead = 0;

/** Take the server's clock from a frame or the page. */
export function correct(iso) {
  const server = Date.parse(iso);
  if (server) ahead = server - Date.now();
}

/** Return the server's time in milliseconds. */
export const now = () => Date.now() + ahead;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

/** Return "now", "40 s ago", "8 min ago", "14:06", "yesterday 14:06", "12 Mar". */
export function ago(at, when = now()) {
  const seconds = (when - at) / SECOND;
  if (seconds < -1) return `in ${left(-seconds)}`;
  if (seconds < 10) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  const days = Math.round((new Date(when).setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400000);
  if (days === 0) return clock.format(at);
  return days === 1 ? `yesterday ${clock.format(at)}` : day.format(at);
}

/** Return "0:48", "4:12", "2 h 5 min", "3 d". */
export function left(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 3600) return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d`;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tickTime(time) {
  const at = Date.parse(time.dateTime);
  if (!time.dataset.titled) {
    time.title = full.format(at);
    time.dataset.titled = "1";
  }
  if ("clock" in time.dataset) say(time, exact.format(at));
  else if ("ago" in time.dataset) say(time, ago(at));
}

/** Return the class of a lease: amber under 40 %, red under 15 % or a minute. */
function urgency(seconds, whole) {
  if (seconds <= 0) return "is-over";
  if (seconds < 60 || seconds < 0.15 * whole) return "is-red";
  return seconds < 0.4 * whole ? "is-amber" : "";
}

function tickLease(lease) {
  const seconds = (Date.parse(lease.dataset.until) - now()) / SECOND;
  const whole = Number(lease.dataset.seconds);
  lease.classList.remove("is-amber", "is-red", "is-over");
  const state = urgency(seconds, whole);
  if (state) lease.classList.add(state);
  const bar = lease.querySelector("progress");
  if (bar) bar.value = Math.max(0, Math.min(whole, seconds));
  say(lease.querySelector("b"), seconds > 0 ? left(seconds) : "Lease over, back in pool");
}

/** Bring every time and lease up to date. */
export function tick() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-ago], time[data-clock]")) tickTime(time);
  for (const lease of document.querySelectorAll("[data-until]")) tickLease(lease);
}

correct(document.body.dataset.now);
tick();
setInterval(tick, SECOND);
document.addEventListener("visibilitychange", tick);
window.addEventListener("nexus:settled", tick);
document.addEventListener("htmx:after:swap", tick);
