/** Short English for ages, leases and presence, as the graph and the track show them. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const seconds = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
});

/** The instant as milliseconds, or NaN. */
export const ms = (iso) => Date.parse(iso ?? "");

/** "14:06" in the reader's zone. */
export const hourMinute = (at) => clock.format(at);

/** "14:06:41" in the reader's zone. */
export const withSeconds = (at) => seconds.format(at);

/** "40 s", "8 min", "2 h 5 min", "3 d". */
export function span(length) {
  const left = Math.max(0, length);
  if (left < MINUTE) return `${Math.floor(left / 1000)} s`;
  if (left < HOUR) return `${Math.floor(left / MINUTE)} min`;
  const hours = Math.floor(left / HOUR);
  if (hours >= 48) return `${Math.floor(hours / 24)} d`;
  const minutes = Math.floor((left % HOUR) / MINUTE);
  return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
}

/** "4:12", "13:40" or, from an hour on, "2 h 5 min". */
export function left(length) {
  const rest = Math.max(0, length);
  if (rest >= 10 * HOUR) return `${Math.floor(rest / HOUR)} h`;
  if (rest >= HOUR) return span(rest);
  const whole = Math.ceil(rest / 1000);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The second line of a card: the role, or why the agent is silent. */
export function roleLine(agent, now) {
  const role = agent.kind === "operator" ? "you" : agent.role || agent.harness || "";
  const seen = ms(agent.seen_at);
  if (agent.kind === "operator" || agent.presence === "present" || Number.isNaN(seen)) return role;
  if (agent.presence === "offline") return `gone since ${now - seen < 20 * HOUR ? hourMinute(seen) : `${span(now - seen)} ago`}`;
  const quiet = `quiet ${span(now - seen)}`;
  return role ? `${role}, ${quiet}` : quiet;
}

/** How much of a lease is left: the share, the time, and the tone of both. */
export function lease(item, now) {
  const until = ms(item.lease_until);
  if (item.state !== "claimed" || Number.isNaN(until)) return null;
  const rest = until - now;
  const whole = (item.lease_seconds || 900) * 1000;
  const share = Math.min(1, Math.max(0, rest / whole));
  const tone = share < 0.15 || rest < MINUTE ? "red" : share < 0.4 ? "amber" : "pink";
  return { share, rest, tone };
}

/** The ring of an item in hand; one that waits for its review has no lease. */
export const ringOf = (item, now) =>
  item.state === "verifying" ? { share: 0.75, tone: "violet" } : lease(item, now) ?? { share: 0, tone: "pink" };

/** The line under a work node's title, with its tone. */
export function workLine(item, now) {
  if (item.state === "verifying") return { text: "done, waits for review", tone: "violet" };
  const held = lease(item, now);
  if (!held) return { text: openLine(item, now), tone: "ink-3" };
  if (held.rest <= 0) return { text: "lease over, back in pool", tone: "red" };
  const time = `lease ${left(held.rest)}`;
  if (held.tone !== "pink") return { text: time, tone: held.tone };
  const since = ms(item.claimed_at);
  const ago = Number.isNaN(since) || now - since > HOUR ? "" : `claimed ${span(now - since)} ago, `;
  return { text: ago + time, tone: "ink-3" };
}

/** "open 5 min, wants test". */
function openLine(item, now) {
  const since = ms(item.created_at);
  const age = Number.isNaN(since) ? "open" : `open ${span(now - since)}`;
  const wants = (item.to || "").replace(/ \(capability\)$/, "");
  return wants ? `${age}, wants ${wants}` : age;
}

/** What the graph shows, in one sentence. */
export function graphSentence({ agents, work }) {
  const here = agents.filter((agent) => agent.presence === "present").length;
  const unread = agents.reduce((sum, agent) => sum + (agent.unread ?? 0), 0);
  const counts = `${agents.length} agents, ${here} here, ${work.length} handoffs, ${unread} unread`;
  return `Live graph: ${counts}. Arrow keys go from one to the next, Enter opens.`;
}

/** One sentence about an agent, for readers of the screen. */
export function agentSentence(agent, now) {
  const parts = [agent.name, agent.presence, roleLine(agent, now)];
  parts.push(`${agent.unread || 0} unread`, `holds ${agent.held || 0} ${agent.held === 1 ? "handoff" : "handoffs"}`);
  return parts.filter(Boolean).join(", ");
}
