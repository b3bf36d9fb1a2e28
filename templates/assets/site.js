// On every page: 大字版 and 高对比度 switch in place, and a form is sent once.
"use strict";

// Without this the link reloads the page, and what is typed in it is lost.
let isSwitching = false;
addEventListener("click", async (event) => {
  const link = event.target.closest?.("[data-display]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (isSwitching) return;
  isSwitching = true;
  const { display } = link.dataset;
  const isOn = new URL(link.href).searchParams.get("to") === "on";
  try {
    const answer = await fetch(link.href, { redirect: "manual", credentials: "same-origin" });
    if (answer.type !== "opaqueredirect") throw new Error(String(answer.status));
  } catch {
    return location.assign(link.href);
  }
  document.documentElement.classList.toggle(display, isOn);
  for (const other of document.querySelectorAll(`[data-display=${display}]`)) {
    [other.textContent, other.dataset.otherwise] = [other.dataset.otherwise, other.textContent];
    const next = new URL(other.href);
    next.searchParams.set("to", isOn ? "off" : "on");
    other.href = next.href;
  }
  isSwitching = false;
});

// A second press while the answer is on its way is not a second form. After some seconds it is: whoever has stopped
// the browser's loading tries again. A form whose answer is a file (data-again) may be sent at any time.
const PATIENCE = 8000;
let sentAt = -PATIENCE;
addEventListener("submit", (event) => {
  if (event.defaultPrevented || "again" in event.target.dataset) return;
  if (performance.now() - sentAt < PATIENCE) return event.preventDefault();
  sentAt = performance.now();
});
addEventListener("pageshow", () => { sentAt = -PATIENCE; });
