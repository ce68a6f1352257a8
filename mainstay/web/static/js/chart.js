// Charts: the value under the pointer, and a stretch that is drawn over becomes the chart's own.
"use strict";

const NS = "http://www.w3.org/2000/svg";
const make = (name, chart) => chart.appendChild(document.createElementNS(NS, name));

function place(chart, event) {
  const box = chart.getBoundingClientRect();
  return ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
}

function read(chart) {
  // Kept apart from the element: a refresh brings new points.
  const text = chart.dataset.points;
  if (chart.readText !== text) {
    chart.readText = text;
    chart.points = JSON.parse(text);
  }
  return chart.points;
}

function nearest(points, x) {
  let low = 0, high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - points[low - 1][0] < points[low][0] - x ? points[low - 1] : points[low];
}

function show(chart, event) {
  const point = nearest(read(chart), place(chart, event));
  if (!point) return;
  const [x, y, text] = point;
  const hair = chart.querySelector(".hair") ?? make("path", chart);
  hair.setAttribute("class", "hair");
  hair.setAttribute("d", `M${x} ${chart.dataset.top}V${chart.dataset.bottom}`);
  const spot = chart.querySelector(".spot") ?? make("circle", chart);
  spot.setAttribute("class", "spot");
  spot.setAttribute("r", "4");
  spot.setAttribute("cx", x);
  spot.setAttribute("cy", y);
  const box = chart.parentElement;
  let tip = box.querySelector(".chart-tip");
  if (!tip) {
    tip = box.appendChild(document.createElement("output"));
    tip.className = "chart-tip";
  }
  tip.textContent = text;
  const share = x / chart.viewBox.baseVal.width;
  const half = tip.offsetWidth / 2;
  const left = Math.min(box.clientWidth - half, Math.max(half, share * box.clientWidth));
  tip.style.setProperty("left", `${left}px`);
}

function hide(chart) {
  delete chart.dataset.held;
  for (const one of chart.querySelectorAll(".hair, .spot, .zone")) one.remove();
  chart.parentElement.querySelector(".chart-tip")?.remove();
}

function zoom(chart, from, to) {
  const { left, right, start, end } = chart.dataset;
  const at = (x) => Number(start) + ((x - left) / (right - left)) * (end - start);
  const there = new URL(location.href);
  there.searchParams.set("from", Math.max(Number(start), Math.round(at(Math.min(from, to)))));
  there.searchParams.set("to", Math.min(Number(end), Math.round(at(Math.max(from, to)))));
  location.href = there;
}

let began = null;
document.addEventListener("pointermove", (event) => {
  const chart = event.target.closest?.(".chart[data-points]");
  for (const other of document.querySelectorAll(".chart[data-held]")) if (other !== chart) hide(other);
  if (!chart) return;
  chart.dataset.held = "";
  show(chart, event);
  if (began?.chart === chart) {
    const zone = chart.querySelector(".zone") ?? make("rect", chart);
    const x = place(chart, event);
    zone.setAttribute("class", "zone");
    zone.setAttribute("x", Math.min(x, began.x));
    zone.setAttribute("y", chart.dataset.top);
    zone.setAttribute("width", Math.abs(x - began.x));
    zone.setAttribute("height", chart.dataset.bottom - chart.dataset.top);
  }
});
document.addEventListener("pointerdown", (event) => {
  const chart = event.target.closest?.(".chart[data-start]");
  began = chart && event.pointerType === "mouse" ? { chart, x: place(chart, event) } : null;
});
document.addEventListener("pointerup", (event) => {
  const from = began;
  began = null;
  if (from && from.chart === event.target.closest?.(".chart")) {
    const to = place(from.chart, event);
    if (Math.abs(to - from.x) > 12) zoom(from.chart, from.x, to);
    else from.chart.querySelector(".zone")?.remove();
  }
});
