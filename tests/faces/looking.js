// What does not fit on the page that is open: a list of sentences, empty when all is well.
(() => {
  const wide = document.documentElement.clientWidth;
  const found = [];
  const name = (one) => {
    const text = (one.textContent || "").trim().replace(/\s+/g, " ").slice(0, 50);
    return `<${one.tagName.toLowerCase()} class="${one.getAttribute("class") || ""}"> ${text}`;
  };
  const shown = (one) => {
    if (!one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = one.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && !one.closest(".vh, .skip, dialog:not([open])");
  };
  const scrolls = (one) => ["auto", "scroll"].includes(getComputedStyle(one).overflowX);
  const inScroller = (one) => {
    for (let up = one.parentElement; up && up !== document.body; up = up.parentElement) if (scrolls(up)) return true;
    return false;
  };
  const all = [...document.body.querySelectorAll("*")].filter((one) => !one.closest("svg") && shown(one));
  const spills = (one) => {
    // What a menu shows lies over the page; whether it is on the screen is asked below.
    const style = getComputedStyle(one);
    if (style.display === "inline" || scrolls(one) || one.matches("details.menu") || ["INPUT", "SELECT", "TEXTAREA", "METER"].includes(one.tagName)) return false;
    if (one.scrollWidth > one.clientWidth + 1) {
      // Cut on purpose, and readable in whole: by its title.
      if (style.textOverflow === "ellipsis" && one.closest("[title]")) return false;
      return true;
    }
    return style.overflowY === "hidden" && one.scrollHeight > one.clientHeight + 1;
  };
  const bad = new Set(all.filter(spills));
  for (const one of bad) {
    if ([...one.querySelectorAll("*")].some((inner) => bad.has(inner))) continue;
    found.push(`${name(one)}: ${one.scrollWidth}×${one.scrollHeight} in ${one.clientWidth}×${one.clientHeight}`);
  }
  for (const one of all) {
    const box = one.getBoundingClientRect();
    if ((box.right > wide + 1 || box.left < -1) && !inScroller(one) && ![...one.children].some(shown)) {
      found.push(`${name(one)}: from ${Math.round(box.left)} to ${Math.round(box.right)} on a screen of ${wide}`);
    }
  }
  for (const text of document.querySelectorAll("main svg text")) {
    const frame = text.closest("g")?.querySelector("rect") ?? text.closest("svg");
    const inner = text.getBoundingClientRect(), outer = frame.getBoundingClientRect();
    if (inner.width && (inner.right > outer.right + 1 || inner.left < outer.left - 1)) {
      found.push(`${name(text)}: drawn from ${Math.round(inner.left)} to ${Math.round(inner.right)}, its frame is ${Math.round(outer.left)} to ${Math.round(outer.right)}`);
    }
  }
  // Letters of a drawing are scaled with it.
  for (const text of document.querySelectorAll("main svg text")) {
    if (!text.checkVisibility()) continue;
    const size = parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a;
    if (size < 9) found.push(`${name(text)}: letters of ${size.toFixed(1)} px`);
  }
  return found;
})()
