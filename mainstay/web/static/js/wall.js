// The wall screen goes from view to view; a refresh brings new figures and leaves the view as it is.
"use strict";

const EACH = 1000 * document.getElementById("main").dataset.each;
const REST = 15000;
let still = 0;

const slides = () => [...document.querySelectorAll(".slide")].map((one) => one.id);

function turn(by) {
  const all = slides();
  const here = all.indexOf(document.body.dataset.slide);
  document.body.dataset.slide = all[(Math.max(here, by > 0 ? -1 : 0) + by + all.length) % all.length];
}

// Whoever points at something wants to read on; when the pointer rests for a while it goes on.
function pause() {
  document.body.dataset.paused = "";
  clearTimeout(still);
  still = setTimeout(() => delete document.body.dataset.paused, REST);
}

turn(1);
setInterval(() => "paused" in document.body.dataset || turn(1), EACH);
document.addEventListener("pointermove", pause);
document.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  pause();
  turn(by);
});
// A view that is no longer there, such as the incidents when the last is over, gives way at once.
document.addEventListener("htmx:afterSettle", () => slides().includes(document.body.dataset.slide) || turn(1));
