/** What the filters of the page let through. */

const KINDS = { messages: ["direct", "broadcast"], handoffs: ["handoff"], topics: ["topic"] };

/** Tests for agents, edges and work, from `{verbs, capability, presence}`; what is empty lets everything through. */
export function filterOf({ verbs = "", capability = "", presence = "" } = {}) {
  const chosen = verbs.split(",").filter((verb) => KINDS[verb]);
  const kinds = new Set(chosen.flatMap((verb) => KINDS[verb]));
  const has = (verb) => !chosen.length || chosen.includes(verb);
  return {
    agent: (agent) =>
      (!capability || (agent.capabilities ?? []).includes(capability)) && (!presence || agent.presence === presence),
    edge: (pair) => !chosen.length || kinds.has(pair.kind ?? "direct"),
    work: has("handoffs"),
    topics: has("topics"),
    narrow: Boolean(capability || presence),
  };
}

/** The filters of the page's address. */
export function asked() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(["verbs", "capability", "presence"].map((name) => [name, query.get(name) ?? ""]));
}
