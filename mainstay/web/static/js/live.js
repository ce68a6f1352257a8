// Fragments that refresh by themselves: the page changes in place, and not while somebody is busy in it.
"use strict";

const busy = () =>
  document.hidden || document.querySelector("dialog[open], #live :is(input, textarea, select):focus, #live .chart[data-held]");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id === "live" && busy()) event.preventDefault();
});

// What the reader opened or ticked stays so, whatever the server sends.
Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !(name === "open" && node.tagName === "DETAILS");

// Clocks run on between two refreshes.
const two = (number) => String(number).padStart(2, "0");
function spelt(seconds, day) {
  const days = Math.floor(seconds / 86400);
  const rest = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days ? `${days} ${day} ${rest}` : rest;
}
function tick() {
  const now = Date.now() / 1000;
  for (const one of document.querySelectorAll("[data-clock]")) {
    one.textContent = spelt(Math.max(0, Math.floor(now - Number(one.dataset.clock))), one.dataset.day);
  }
  for (const one of document.querySelectorAll("[data-due]")) {
    const left = Math.trunc(Number(one.dataset.due) - now);
    one.textContent = (left < 0 ? "−" : "") + spelt(Math.abs(left), one.dataset.day);
    one.classList.toggle("due-late", left < 0);
  }
}
tick();
setInterval(tick, 1000);

// A menu closes when the reader goes on elsewhere.
document.addEventListener("click", (event) => {
  for (const one of document.querySelectorAll("details.menu[open]")) if (!one.contains(event.target)) one.open = false;
});
// On paper nothing can be folded out: all that is folded is, and is folded again afterwards. What only asks stays away.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("main details:not([open], .ask, .menu)")) {
    one.open = true;
    one.dataset.printed = "";
  }
});
addEventListener("afterprint", () => {
  for (const one of document.querySelectorAll("details[data-printed]")) {
    one.open = false;
    delete one.dataset.printed;
  }
});
// A filter acts when it is chosen; the button is for those without script.
document.addEventListener("change", (event) => {
  if (event.target.matches("form.filter select, form.filter [type=checkbox]")) event.target.form.requestSubmit();
});
