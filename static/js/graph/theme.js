/** Colours for the canvas: the page's custom properties, resolved to red, green, blue. */

const TOKENS = [
  "bg", "surface", "raised", "line", "line-2", "ink", "ink-2", "ink-3",
  "blue", "blue-fill", "pink", "pink-fill", "green", "green-fill", "amber", "amber-fill", "red", "red-fill",
  "violet", "teal", "claude", "codex", "gemini", "cursor", "opencode", "operator",
];
const KNOWN = new Set(["claude", "codex", "gemini", "cursor", "opencode", "operator"]);
const HUES = 24;
const TEXT = 'BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", Roboto, Inter, "Noto Sans", "Liberation Sans", Arial, sans-serif';

/** A font as canvas takes it. */
export const font = (size, weight = 400) => `${weight} ${size}px -apple-system, ${TEXT}`;

/** A number from 0 to 2^32 that stands for a text (FNV-1a). */
export function hash(text) {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}

/** Reads colours through a hidden element, so that light-dark() and oklch() are the browser's work. */
export class Theme {
  #probe;
  #pixel;
  #cache = new Map();
  #hues = new Map();
  #changed;
  #stop;

  /** `host` is where the properties are looked up; `onChange` is called when the page changes its theme. */
  constructor(host, onChange) {
    this.#probe = document.createElement("span");
    this.#probe.hidden = true;
    host.append(this.#probe);
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    this.#pixel = canvas.getContext("2d", { willReadFrequently: true });
    this.version = 0;
    this.#stop = this.#watch(onChange);
  }

  #watch(onChange) {
    const changed = (this.#changed = () => {
      this.#cache.clear();
      this.version += 1;
      onChange();
    });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", changed);
    const seen = new MutationObserver(changed);
    seen.observe(document.documentElement, { attributes: true, attributeFilter: ["class", "data-theme", "style"] });
    return () => {
      scheme.removeEventListener("change", changed);
      seen.disconnect();
    };
  }

  /** Forget the page. */
  destroy() {
    this.#stop();
    this.#probe.remove();
  }

  /** The hue of an unknown harness is the one its tile has everywhere: the first byte of the name's SHA-256. */
  #learn(name) {
    this.#hues.set(name, hash(name) % HUES);
    crypto.subtle?.digest("SHA-256", new TextEncoder().encode(name)).then((digest) => {
      this.#hues.set(name, new Uint8Array(digest)[0] % HUES);
      this.#changed();
    });
  }

  #resolve(css) {
    this.#probe.style.color = "";
    this.#probe.style.color = css;
    this.#pixel.clearRect(0, 0, 1, 1);
    this.#pixel.fillStyle = getComputedStyle(this.#probe).color;
    this.#pixel.fillRect(0, 0, 1, 1);
    return [...this.#pixel.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
  }

  #rgb(name) {
    let found = this.#cache.get(name);
    if (!found) this.#cache.set(name, (found = this.#resolve(TOKENS.includes(name) ? `var(--${name})` : name)));
    return found;
  }

  /** The colour of a token (or of any CSS colour), at an opacity. */
  color(name, alpha = 1) {
    const key = `${name}/${alpha}`;
    let found = this.#cache.get(key);
    if (!found) this.#cache.set(key, (found = `rgba(${this.#rgb(name).join(",")},${alpha})`));
    return found;
  }

  /** The colour of `name` laid over `under`, without transparency. */
  mix(name, under, share) {
    const [a, b] = [this.#rgb(name), this.#rgb(under)];
    return `rgb(${a.map((value, at) => Math.round(value * share + b[at] * (1 - share))).join(",")})`;
  }

  /** The name under which `color` knows a harness. */
  harness(name) {
    if (KNOWN.has(name)) return name;
    if (!this.#hues.has(name)) this.#learn(name);
    const hue = this.#hues.get(name) * 15;
    return `light-dark(oklch(0.48 0.06 ${hue}), oklch(0.78 0.08 ${hue}))`;
  }
}
