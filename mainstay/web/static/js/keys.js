// The keys and the palette: everything can be reached without a mouse. What the keys lead to stands in the page itself.
"use strict";

const palette = document.getElementById("palette");
const words = palette?.querySelector("input");
const typing = (target) => target.closest?.("input, select, textarea, [contenteditable]");
let going = false;

function open() {
  if (!palette || palette.open) return;
  palette.showModal();
  words.select();
  if (!palette.querySelector(".found a")) htmx.trigger(words, "search");
}

function step(by) {
  const all = [...palette.querySelectorAll(".found a")];
  if (!all.length) return;
  const here = all.findIndex((one) => "here" in one.dataset);
  if (here >= 0) delete all[here].dataset.here;
  const next = all[(here + by + all.length) % all.length];
  next.dataset.here = "";
  next.scrollIntoView({ block: "nearest" });
}

palette?.addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by) step(by);
  else if (event.key === "Enter") (palette.querySelector(".found a[data-here]") ?? palette.querySelector(".found a"))?.click();
  else return;
  event.preventDefault();
});
palette?.addEventListener("click", (event) => event.target === palette && palette.close());

// The rows of the first list: j and k go down and up, Enter opens.
function row(by) {
  const links = [...document.querySelectorAll("main :is(tbody tr, .need, .plain-list > li) a[href]:first-of-type")];
  const rows = [...new Set(links.map((one) => one.closest("tr, .need, li")))].map((one) => one.querySelector("a[href]"));
  if (!rows.length) return;
  const here = rows.indexOf(document.activeElement);
  rows[here < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, here + by))].focus();
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    return open();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || palette?.open) return;
  const place = going && document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  going = event.key === "g" && !going;
  if (place) location.href = place.href;
  else if (event.key === "/") open();
  else if (event.key === "?") document.getElementById("keys")?.showModal();
  else if (event.key === "j") row(1);
  else if (event.key === "k") row(-1);
  else return;
  event.preventDefault();
});

// The search field on top is the palette's door; without script it is a form that leads to the same list.
document.getElementById("search")?.addEventListener("focus", (event) => {
  if (!palette) return;
  event.target.blur();
  open();
});
