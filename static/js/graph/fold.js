/** What the log adds up to on the graph: agents, open work, and who talks to whom. Live and replay use the same fold. */

const CLOSED = new Set(["completed", "rejected", "cancelled", "failed", "expired"]);
const MANY = 3000;
const FADE = 15 * 60_000;
const IN_USE = 10 * 60_000;
const [HUBS, AT_ONE] = [12, 24];
const USES = new Set(["topic.posted", "topic.advanced"]);
const LANES = {
  "delivery.leased": "delivered",
  "delivery.returned": "unread",
  "delivery.requeued": "unread",
  "delivery.parked": "parked",
  "delivery.read": "read",
  "delivery.expired": "expired",
};
/** The lane a delivery most likely left, where nobody saw it come. */
const BEFORE = {
  "delivery.leased": "unread",
  "delivery.returned": "delivered",
  "delivery.requeued": "parked",
  "delivery.parked": "delivered",
  "delivery.read": "delivered",
  "delivery.expired": "unread",
};
const OVER = new Set(["read", "expired"]);

/** The state after one event; the state given stays as it was. */
export const fold = (state, event) => foldAll(state, [event]);

/** The state after several events, oldest first; the state given stays as it was. */
export function foldAll(state, events) {
  if (!events.length) return state;
  const draft = {
    ...state,
    agents: new Draft(state.agents, (agent) => agent.name),
    work: new Draft(state.work, (item) => item.handoff),
    edges: new Draft(state.edges, (edge) => key(edge.from, edge.to)),
    topics: new Draft(state.topics, (topic) => topic.topic),
    mail: { ...state.mail },
  };
  for (const event of events) apply(draft, event);
  return {
    ...draft, agents: draft.agents.list(), work: draft.work.list(), edges: alive(draft.edges.list(), draft.at),
    topics: inUse(draft.topics.list(), draft.at),
  };
}

/** A page that is open for days forgets edges that faded long ago. */
function alive(edges, at) {
  if (edges.length <= MANY) return edges;
  const now = Date.parse(at);
  return edges.filter((edge) => edge.unread > 0 || now - Date.parse(edge.last_at) < FADE);
}

/** The topics that were used in the last ten minutes, the last one first. */
function inUse(topics, at) {
  const fresh = topics.filter((topic) => Date.parse(at) - Date.parse(topic.last_at) < IN_USE);
  return fresh.sort((a, b) => Date.parse(b.last_at) - Date.parse(a.last_at)).slice(0, HUBS);
}

const key = (from, to) => `${from}\n${to}`;

/** A list whose items are replaced and never changed; order is kept, new ones come last. */
class Draft {
  #items;

  constructor(items, nameOf) {
    this.nameOf = nameOf;
    this.#items = new Map((items ?? []).map((item) => [nameOf(item), item]));
  }

  get(name) {
    return this.#items.get(name);
  }

  /** Replace some fields of the item `name`; without one do nothing. */
  patch(name, fields) {
    const item = this.#items.get(name);
    if (item) this.#items.set(name, { ...item, ...fields });
  }

  put(item) {
    this.#items.set(this.nameOf(item), item);
  }

  drop(name) {
    this.#items.delete(name);
  }

  list() {
    return [...this.#items.values()];
  }
}

function apply(draft, event) {
  draft.at = event.at ?? draft.at;
  draft.cursor = event.cursor ?? draft.cursor;
  const data = { ...event.work, ...event.data };
  const [noun] = event.type.split(".");
  if (event.type === "message.created") return post(draft, event, data);
  if (noun === "delivery") return deliver(draft, event, data);
  if (noun === "handoff") return work(draft, event, data);
  if (noun === "topic") return gather(draft, event);
  return person(draft, event, data);
}

/** A topic is in use by whom posts or reads. */
function gather(draft, event) {
  if (event.type === "topic.deleted") return draft.topics.drop(event.topic);
  if (event.type === "topic.renamed") return draft.topics.patch(event.topic, { name: event.hub });
  if (!USES.has(event.type) || !event.hub) return undefined;
  const others = (draft.topics.get(event.topic)?.peers ?? []).filter((name) => name !== event.actor);
  const peers = [event.actor, ...others].slice(0, AT_ONE);
  return draft.topics.put({ topic: event.topic, name: event.hub, last_at: event.at, peers });
}

/** A message leaves its sender: one more unread for each recipient. */
function post(draft, event, data) {
  draft.agents.patch(event.actor, { seen_at: event.at });
  const names = data.to ?? [];
  const kind = event.kind ?? data.kind ?? "direct";
  for (const name of names) {
    const edge = draft.edges.get(key(event.actor, name)) ?? { from: event.actor, to: name, unread: 0 };
    draft.edges.put({ ...edge, kind, last_at: event.at });
    count(draft, event.actor, name, 1);
  }
  if (names.length && event.message) draft.mail[event.message] = Object.fromEntries(names.map((name) => [name, "unread"]));
}

/** Add to what waits unread for `to`, where that is an agent, and on the edge it came along. */
function count(draft, from, to, by) {
  const agent = draft.agents.get(to);
  if (agent && agent.kind !== "operator") draft.agents.patch(to, { unread: Math.max(0, (agent.unread ?? 0) + by) });
  const edge = draft.edges.get(key(from, to));
  if (edge) draft.edges.patch(key(from, to), { unread: Math.max(0, edge.unread + by) });
  else if (by > 0 && from) draft.edges.put({ from, to, unread: by, last_at: draft.at, kind: "direct" });
}

/** A delivery goes from one lane to another. */
function deliver(draft, event, data) {
  const lane = LANES[event.type];
  if (!lane) return;
  const mail = draft.mail[event.message] ?? {};
  const before = data.was ?? laneOf(mail[event.agent]) ?? (data.extended ? lane : BEFORE[event.type]);
  count(draft, event.from ?? data.from, event.agent, Number(lane === "unread") - Number(before === "unread"));
  const { [event.agent]: _, ...others } = mail;
  if (!OVER.has(lane)) others[event.agent] = lane;
  if (Object.keys(others).length) draft.mail[event.message] = others;
  else delete draft.mail[event.message];
}

/** The lane alone; a checkpoint writes it with the number of attempts. */
const laneOf = (stored) => (Array.isArray(stored) ? stored[0] : stored);

/** A handoff opens, is claimed, moves on or closes. */
function work(draft, event, data) {
  if (!data.state || !event.handoff) return;
  const before = draft.work.get(event.handoff);
  const after = CLOSED.has(data.state) ? null : moved(before ?? opened(draft, event, data), event, data);
  hold(draft, before, -1);
  hold(draft, after, 1);
  if (after) draft.work.put(after);
  else draft.work.drop(event.handoff);
  if (event.type === "handoff.claimed") draft.agents.patch(data.claimant, { seen_at: event.at });
}

/** One more or one less in the hands of the claimant. */
function hold(draft, item, by) {
  if (!item?.claimant) return;
  const agent = draft.agents.get(item.claimant);
  if (agent) draft.agents.patch(item.claimant, { held: Math.max(0, (agent.held ?? 0) + by) });
}

/** A work item as its first event tells of it. */
function opened(draft, event, data) {
  return {
    handoff: event.handoff,
    title: event.title ?? data.title ?? "",
    from: data.from ?? event.actor,
    to: data.to ?? event.agent ?? "",
    created_at: data.created_at ?? event.at,
    lease_seconds: data.lease_seconds ?? 900,
    priority: data.priority ?? 5,
    eligible: data.eligible ?? fitting(draft, data.to ?? event.agent),
    note: null,
  };
}

/** Those present who are named, or who can do what is asked for, at most eight. */
function fitting(draft, to) {
  const fits = (agent) => agent.name === to || (agent.capabilities ?? []).includes(to);
  return draft.agents.list().filter((agent) => agent.kind !== "operator" && agent.presence === "present" && fits(agent))
    .slice(0, 8).map((agent) => agent.name);
}

/** A work item after an event. */
function moved(item, event, data) {
  const free = data.state === "open";
  const claimed = event.type === "handoff.claimed";
  return {
    ...item,
    title: event.title ?? data.title ?? item.title,
    state: data.state,
    claimant: free ? null : data.claimant || item.claimant || null,
    claimed_at: free ? null : claimed ? event.at : item.claimed_at ?? null,
    lease_until: data.state === "claimed" ? data.lease_until ?? item.lease_until ?? null : null,
    lease_seconds: data.lease_seconds ?? item.lease_seconds,
    to: data.to ?? (event.type === "handoff.reassigned" ? event.agent || item.to : item.to),
    eligible: data.eligible ?? item.eligible ?? [],
    note: data.note ?? item.note ?? null,
  };
}

/** An agent comes, goes, changes or is seen. */
function person(draft, event, data) {
  const name = event.agent || event.actor;
  if (event.type === "presence.changed") {
    const seen = data.presence === "present" ? { seen_at: event.at } : {};
    return draft.agents.patch(name, { presence: data.presence, ...seen });
  }
  if (event.type === "agent.archived") return leave(draft, name);
  const profile = data.profile ?? event.profile;
  if (!profile) return undefined;
  const known = draft.agents.get(name);
  return draft.agents.put({ unread: 0, held: 0, ...profile, ...counts(known), name: profile.name ?? name });
}

const counts = (agent) => (agent ? { unread: agent.unread, held: agent.held, presence: agent.presence } : {});

/** An archived agent leaves with its edges. */
function leave(draft, name) {
  draft.agents.drop(name);
  for (const edge of draft.edges.list()) {
    if (edge.from === name || edge.to === name) draft.edges.drop(key(edge.from, edge.to));
  }
}
