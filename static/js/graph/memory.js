/** What the browser remembers of a workspace's graph. */

const STORE = "nexus.graph";

/** What is remembered under a name; nothing where storage is closed. */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(`${STORE}.${name}`)) ?? {};
  } catch {
    return {};
  }
}

/** Remember something under a name. */
export function store(name, value) {
  try {
    localStorage.setItem(`${STORE}.${name}`, JSON.stringify(value));
  } catch {
    // A browser that stores nothing still shows the graph.
  }
}
