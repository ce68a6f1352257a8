// The little that HTML cannot do: pausing the refresh, keeping what is open, the keys.
"use strict";

// htmx asks this before each refresh: not while the tab is hidden, something is typed, or a chart is looked at.
window.looked = () =>
  !document.hidden && !document.querySelector("#live :focus-visible, #live .chart:hover, #live details[open] table:hover");

let open = new Set();
document.addEventListener("htmx:beforeSwap", () => {
  open = new Set([...document.querySelectorAll("#live details")].map((one) => `${one.id} ${one.open}`));
});
document.addEventListener("htmx:afterSwap", () => {
  for (const one of document.querySelectorAll("#live details[id]")) {
    if (open.has(`${one.id} true`)) one.open = true;
    if (open.has(`${one.id} false`)) one.open = false;
  }
});

const places = { t: "/today/", s: "/systems/", i: "/incidents/", n: "/notices/", a: "/audit/" };
let going = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
  if (going && places[event.key]) {
    location.href = places[event.key];
  } else if (event.key === "/") {
    event.preventDefault();
    document.getElementById("search")?.focus();
  } else if (event.key === "?") {
    document.getElementById("help").showModal();
  }
  going = event.key === "g";
});
