// The table of messages: new mail slides in at the top, or waits behind a number while somebody reads.

import { arrivals } from "./arrivals.js";

const query = () => new URLSearchParams(location.search);
const BEYOND = ["q", "time", "since", "until"];

/** Say whether a message fits the filter of this page. */
function fits(row) {
  const wanted = query();
  const to = row.dataset.to.split(" ");
  const lanes = row.querySelector(".mail-to").dataset.lanes.split(" ");
  const agent = wanted.get("agent");
  if (wanted.get("kind") && wanted.get("kind") !== row.dataset.kind) return false;
  if (wanted.get("from") && wanted.get("from") !== row.dataset.from) return false;
  if (wanted.get("to") && !to.includes(wanted.get("to"))) return false;
  if (wanted.get("lane") && !lanes.includes(wanted.get("lane"))) return false;
  return !agent || agent === row.dataset.from || to.includes(agent);
}

arrivals({
  list: "#mail-rows",
  button: "#fresh-mail",
  one: "new message",
  many: "new messages",
  most: 200,
  fits,
  cannotTell: () => BEYOND.some((name) => query().get(name)),
});
