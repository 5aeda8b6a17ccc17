// Where a text was found: marked in the posts without changing them.

const MOST = 1000;

function mark() {
  if (!CSS.highlights) return;
  CSS.highlights.delete("found");
  const text = new URLSearchParams(location.search).get("q")?.trim().toLowerCase();
  const list = document.querySelector("ol.posts");
  if (!text || !list) return;
  const found = [];
  for (const prose of list.querySelectorAll(".post .prose, .post .who")) {
    const walker = document.createTreeWalker(prose, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node && found.length < MOST; node = walker.nextNode()) found.push(...ranges(node, text));
  }
  CSS.highlights.set("found", new Highlight(...found));
}

function ranges(node, text) {
  const here = [];
  const said = node.data.toLowerCase();
  if (said.length !== node.data.length) return here;
  for (let at = said.indexOf(text); at >= 0; at = said.indexOf(text, at + text.length)) {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + text.length);
    here.push(range);
  }
  return here;
}

for (const event of ["nexus:settled", "nexus:swapped", "nexus:grown"]) window.addEventListener(event, mark);
mark();
