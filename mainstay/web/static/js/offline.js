// A page that no longer hears from the server says so, until the next answer: its clocks run on as if nothing were.
"use strict";

const offline = document.getElementById("offline");
const WATCHED = ["live", "alarm", "status"];
const loadedAt = Date.now();
const heard = {};
const lost = new Set();

function told(event, answered) {
  const { id } = event.detail.elt;
  if (!WATCHED.includes(id)) return;
  if (answered) heard[id] = Date.now();
  lost[answered ? "delete" : "add"](id);
  offline.hidden = !lost.size;
  const since = new Date(Math.min(...[...lost].map((one) => heard[one] ?? loadedAt)));
  const how = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: offline.dataset.zone };
  if (lost.size) offline.querySelector("time").textContent = since.toLocaleTimeString("en-GB", how);
}

document.addEventListener("htmx:afterRequest", (event) => event.detail.successful && told(event, true));
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => told(event, false));
}
