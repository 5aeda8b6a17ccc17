/** What an event looks like while it happens. */

import { spokeOf } from "./edges.js";

const COLORS = { broadcast: "teal", topic: "violet", handoff: "pink" };
const STAGGER = 40;
const MOST = 60;

/** Start the movement of some events. */
export function show(events, stage) {
  for (const event of events.slice(-MOST)) {
    if (event.type === "message.created") speak(event, stage);
    else if (event.type === "topic.posted" && stage.filter.topics) post(event, stage);
    else if (event.type === "handoff.claimed" && stage.filter.work) pull(event, stage);
  }
}

/** One particle for each recipient; what goes to everyone starts with a ring. */
function speak(event, { effects, pairOf, filter }) {
  const kind = event.kind ?? event.data?.kind ?? "direct";
  if (!filter.edge({ kind })) return;
  const color = COLORS[kind] ?? "blue";
  const names = (event.data?.to ?? []).slice(0, MOST);
  if (kind === "broadcast") effects.ring(event.actor);
  const late = kind === "broadcast" ? 300 : 0;
  names.forEach((to, turn) => effects.send({
    id: pairOf(event.actor, to), from: event.actor, to, color, title: event.title, delay: late + turn * STAGGER,
  }));
}

/** A post goes to the hub of its topic. */
function post(event, { effects }) {
  const id = spokeOf(event.topic, event.actor);
  effects.send({ id, from: event.actor, to: event.topic, color: COLORS.topic, title: event.title });
}

/** The work node springs to its claimant. */
function pull(event, { effects, before }) {
  const from = before.get(event.handoff);
  if (from) effects.pull(event.handoff, from);
}
