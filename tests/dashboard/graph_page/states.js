/** Made-up states of a workspace. */

import { hash } from "/static/js/graph/theme.js";

const MINUTE = 60_000;
const HARNESSES = ["claude", "codex", "gemini", "cursor", "opencode"];
const ROLES = ["impl", "review", "test", "docs", "data", "ops", "sec", "ui", "api", "perf", "plan", "infra"];
const TITLES = ["Fix double charge on retry", "Review idempotency middleware", "Checkout error states", "Race test for refunds"];
const chance = (salt) => hash(salt) / 2 ** 32;
const iso = (at) => new Date(at).toISOString();

/** Six agents in the middle of a morning. */
function story(now) {
  const agent = (name, harness, role, more = {}) => ({
    name, kind: "agent", harness, role, presence: "present", seen_at: iso(now - 5000), capabilities: [], unread: 0, held: 0, ...more,
  });
  const edge = (from, to, unread, minutes, kind = "direct") => ({ from, to, unread, last_at: iso(now - minutes * MINUTE), kind });
  const item = (handoff, title, more) => ({
    handoff, title, state: "claimed", from: "operator", to: "claude-impl", claimant: null, lease_until: null, lease_seconds: 900,
    created_at: iso(now - 12 * MINUTE), claimed_at: null, priority: 5, note: null, eligible: [], ...more,
  });
  const held = (claimant, since, left) => ({ claimant, claimed_at: iso(now - since * MINUTE), lease_until: iso(now + left * 1000) });
  return {
    agents: [
      agent("operator", "", "", { kind: "operator" }),
      agent("claude-impl", "claude", "implementer", { unread: 2, held: 1, capabilities: ["python"] }),
      agent("codex-review", "codex", "reviewer", { held: 1, capabilities: ["review"] }),
      agent("gemini-research", "gemini", "researcher"),
      agent("cursor-ui", "cursor", "frontend", { unread: 1, held: 1 }),
      agent("opencode-ci", "opencode", "ci", { presence: "stale", seen_at: iso(now - 9 * MINUTE), unread: 4, capabilities: ["test"] }),
    ],
    edges: [
      edge("operator", "claude-impl", 0, 9), edge("claude-impl", "codex-review", 0, 0.1), edge("gemini-research", "claude-impl", 2, 3),
      edge("claude-impl", "cursor-ui", 1, 2), edge("codex-review", "opencode-ci", 4, 6), edge("cursor-ui", "opencode-ci", 0, 12),
    ],
    work: [
      item("hnd_1", TITLES[0], held("claude-impl", 8, 252)), item("hnd_2", TITLES[1], held("codex-review", 1, 820)),
      item("hnd_3", TITLES[2], held("cursor-ui", 14, 48)),
      item("hnd_4", TITLES[3], { state: "open", to: "test (capability)", eligible: ["opencode-ci"], created_at: iso(now - 5 * MINUTE) }),
    ],
  };
}

/** Most talk stays in a team of six. */
function partner(at, count) {
  const from = hash(`f${at}`) % count;
  if (chance(`far${at}`) < 0.1) return hash(`t${at}`) % count;
  return Math.min(count - 1, from - (from % 6) + (hash(`t${at}`) % 6));
}

function crowd(count, now) {
  const names = Array.from({ length: count }, (_, at) => `${HARNESSES[at % 5]}-${ROLES[Math.floor(at / 5) % 12]}${at >= 60 ? Math.floor(at / 60) : ""}`);
  const agents = names.map((name, at) => ({
    name, kind: "agent", harness: HARNESSES[at % 5], role: ROLES[Math.floor(at / 5) % 12], capabilities: [ROLES[at % 12]],
    presence: chance(`p${name}`) < 0.08 ? "offline" : chance(`p${name}`) < 0.2 ? "stale" : "present",
    seen_at: iso(now - 9 * MINUTE), unread: chance(`u${name}`) < 0.25 ? 1 + (hash(name) % 8) : 0, held: 0,
  }));
  const edges = Array.from({ length: Math.round(count * 1.8) }, (_, at) => ({
    from: names[hash(`f${at}`) % count], to: names[partner(at, count)], kind: "direct",
    unread: chance(`e${at}`) < 0.12 ? 1 + (at % 3) : 0, last_at: iso(now - chance(`l${at}`) * 15 * MINUTE),
  })).filter((edge) => edge.from !== edge.to);
  const work = Array.from({ length: Math.round(count / 6) }, (_, at) => {
    const claimant = at % 3 ? names[hash(`w${at}`) % count] : null;
    if (claimant) agents[names.indexOf(claimant)].held += 1;
    return {
      handoff: `hnd_${at}`, title: `${TITLES[at % 4]} ${at}`, state: claimant ? "claimed" : "open", from: names[at], to: "test (capability)",
      claimant, lease_until: claimant ? iso(now + chance(`x${at}`) * 900_000) : null, lease_seconds: 900, priority: 5, note: null,
      created_at: iso(now - 9 * MINUTE), claimed_at: claimant ? iso(now - 4 * MINUTE) : null, eligible: [names[hash(`g${at}`) % count]],
    };
  });
  return { agents, edges, work };
}

/** A state of about so many agents. */
export function made(count, now) {
  const parts = count === 6 ? story(now) : crowd(count, now);
  return { at: iso(now), now: iso(now), cursor: "c0", live: true, topics: [], ...parts };
}

/** An hour of made-up traffic that ends at an instant. */
export function traffic(now) {
  const bars = Array.from({ length: 96 }, (_, at) => {
    const wave = 2 + 3 * Math.sin(at / 7) ** 2 + (at > 66 && at < 80 ? 8 : 0);
    return [Math.round(wave * (0.6 + chance(`s${at}`))), chance(`k${at}`) < 0.45 ? Math.round(3 * chance(`n${at}`)) : 0];
  });
  const mark = (share, kind, title) => ({ at: iso(now - (1 - share) * 60 * MINUTE), kind, title });
  return {
    from: iso(now - 60 * MINUTE), to: iso(now), bars, first: iso(now - 600 * MINUTE), total: 94,
    marks: [mark(0.33, "failed", "Seed fixtures"), mark(0.58, "completed", "Map the payment calls"), mark(0.9, "asked", "Lock the migrations")],
  };
}
