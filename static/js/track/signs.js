/** What the frame says of the time that is shown: the pill and the line beside the title. */

let before = null;

/** Say whether the page is live, paused or somewhere in the past. */
export function sign({ mode, speed, playing, text }) {
  const past = mode === "replay";
  if (!past && before === null) return;
  const pill = document.getElementById("pill");
  const facts = document.getElementById("facts");
  if (past && before === null) before = facts?.textContent ?? "";
  if (facts) facts.textContent = past ? text : before;
  if (!past) before = null;
  if (pill) hold(pill, past, playing ? `Replay ${speed}x` : "In the past");
}

/** Keep the pill for the replay, or give it back to the socket. */
function hold(pill, past, label) {
  if (past) pill.dataset.held = "replay";
  else delete pill.dataset.held;
  pill.dataset.state = past ? "replay" : "live";
  const words = pill.querySelector("span");
  if (words) words.textContent = past ? label : "Live";
}
