/** Pointer, wheel and keys on the graph. */

const CLICK = 5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Listen on the host; `acts` says what to do. Returns how to stop. */
export function listen(host, acts) {
  const stop = new AbortController();
  const on = (type, act, options) => host.addEventListener(type, act, { signal: stop.signal, ...options });
  const fingers = new Map();
  let grip = null;

  on("pointerdown", (event) => {
    if (event.button || event.target.closest("a, button, input, select, summary, form")) return;
    fingers.set(event.pointerId, local(host, event));
    const at = local(host, event);
    grip = { ...at, start: at, hit: acts.hit(at.x, at.y), far: false, span: spanOf(fingers) };
    host.setPointerCapture(event.pointerId);
  });
  on("pointermove", (event) => {
    const at = local(host, event);
    if (!grip || !fingers.has(event.pointerId)) return acts.hover(acts.hit(at.x, at.y));
    fingers.set(event.pointerId, at);
    if (fingers.size > 1) return pinch(grip, fingers, acts);
    return drag(grip, at, acts);
  });
  const end = (event) => {
    fingers.delete(event.pointerId);
    if (grip && !fingers.size) finish(grip, event, acts);
    if (!fingers.size) grip = null;
  };
  on("pointerup", end);
  on("pointercancel", end);
  on("pointerleave", () => acts.hover(null));
  on("wheel", (event) => wheel(host, event, acts), { passive: false });
  on("keydown", (event) => press(event, acts));
  on("blur", () => acts.blur());
  return () => stop.abort();
}

/** A pointer's place in the host. */
function local(host, event) {
  const box = host.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function drag(grip, at, acts) {
  if (!grip.far && Math.hypot(at.x - grip.start.x, at.y - grip.start.y) < CLICK) return;
  grip.far = true;
  if (grip.hit?.name) acts.move(grip.hit.name, at.x, at.y);
  else acts.pan(at.x - grip.x, at.y - grip.y);
  Object.assign(grip, { x: at.x, y: at.y });
}

/** The distance and the middle of two fingers. */
function spanOf(fingers) {
  if (fingers.size < 2) return null;
  const [a, b] = [...fingers.values()];
  return { far: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

function pinch(grip, fingers, acts) {
  const span = spanOf(fingers);
  if (grip.span) {
    acts.zoom(span.far / Math.max(1, grip.span.far), span.x, span.y);
    acts.pan(span.x - grip.span.x, span.y - grip.span.y);
  }
  Object.assign(grip, { span, far: true, hit: null });
}

function finish(grip, event, acts) {
  if (event.type === "pointercancel") return;
  if (!grip.far) acts.choose(grip.hit);
  else if (grip.hit?.name) acts.dropped(grip.hit.name);
}

function wheel(host, event, acts) {
  event.preventDefault();
  const at = local(host, event);
  const lines = event.deltaMode === 1 ? 16 : 1;
  acts.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), at.x, at.y);
}

function press(event, acts) {
  if (event.target !== event.currentTarget || event.altKey || event.ctrlKey || event.metaKey) return;
  const keys = {
    Enter: acts.enter, Escape: acts.escape, "+": () => acts.zoom(1.25), "=": () => acts.zoom(1.25), "-": () => acts.zoom(0.8), 0: acts.fit,
  };
  const act = ARROWS[event.key] ? () => acts.step(...ARROWS[event.key]) : keys[event.key];
  if (!act || (event.key === "Escape" && !acts.chosen())) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

/** The nearest of some things in a direction from a point; those aside count as farther. */
export function nearest(things, from, [dx, dy]) {
  let best = null;
  for (const thing of things) {
    const [x, y] = [thing.x - from.x, thing.y - from.y];
    const ahead = x * dx + y * dy;
    if (ahead <= 1) continue;
    const cost = ahead + 2.2 * Math.abs(x * dy - y * dx);
    if (!best || cost < best.cost) best = { thing, cost };
  }
  return best?.thing ?? null;
}

/** The nearest of some things to a point. */
export const closest = (things, to) =>
  things.reduce((best, thing) => (!best || far(thing, to) < far(best, to) ? thing : best), null);

const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
