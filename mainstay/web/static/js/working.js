// What takes longer than a moment says so: a page that is on its way, a file that is being made.
"use strict";

const MOMENT = 300; // ms
const working = document.getElementById("working");
let waiting;

function begin() {
  clearTimeout(waiting);
  waiting = setTimeout(() => { working.hidden = false; }, MOMENT);
}

function end() {
  clearTimeout(waiting);
  working.hidden = true;
}

// The page stays while a file is made, so it is fetched, and handed over when it is there.
async function take(link) {
  try {
    const answer = await fetch(link.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const handed = document.createElement("a");
    handed.href = URL.createObjectURL(await answer.blob());
    handed.download = link.download || new URL(link.href).pathname.split("/").pop();
    handed.click();
    setTimeout(() => URL.revokeObjectURL(handed.href), 60_000);
  } catch {
    location.assign(link.href); // the server says what is wrong
  } finally {
    end();
  }
}

document.addEventListener("submit", (event) => { if (!event.defaultPrevented) begin(); });
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const elsewhere = event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
  if (!link || event.defaultPrevented || elsewhere || link.target || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
  begin();
  if (!link.hasAttribute("download")) return;
  event.preventDefault();
  take(link);
});
addEventListener("pageshow", end);
