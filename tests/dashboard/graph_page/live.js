/** Starts the Live page and hands it to the test. */

import { start } from "/static/js/live-page.js";

window.heard = [];
for (const type of ["nexus:inspect", "nexus:mode"]) {
  window.addEventListener(type, ({ detail }) => window.heard.push([type, detail]));
}
window.page = start();
document.documentElement.dataset.ready = "yes";
