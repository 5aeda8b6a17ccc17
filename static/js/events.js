// The log as it grows: rows come in at the top, or wait behind a number while somebody reads.

import { arrivals } from "./arrivals.js";

/** Say whether an event fits the filter of this page. */
function fits(row) {
  const query = new URLSearchParams(location.search);
  const type = query.get("type");
  const who = query.get("who");
  if (type && row.dataset.type !== type && !row.dataset.type.startsWith(`${type}.`)) return false;
  return !who || row.dataset.who.split(" ").includes(who);
}

arrivals({
  list: "#event-rows",
  button: "#fresh-events",
  one: "new event",
  many: "new events",
  most: 400,
  fits,
  cannotTell: () => new URLSearchParams(location.search).has("subject"),
});
