// On every page: 大字版 and 高对比度 switch in place, a form is sent once, and messages beside fields come and go.
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

// On a phone the tabs are one line, with the page's own in its middle.
for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
  const line = tab.closest("ul");
  const [here, all] = [tab.getBoundingClientRect(), line.getBoundingClientRect()];
  line.scrollLeft = here.left - all.left - (all.width - here.width) / 2;
}

// What is wrong with a field, {message, warning}, or that nothing is: beside it, as the server says it
// (components/field.html), and in the list above the form, if it is named there.
function tellField(name, told) {
  tellSummary(name, told?.message);
  const box = document.getElementById(name);
  const field = box?.closest(".field");
  if (!field) return;
  const described = field.matches(".field--choice") ? field : box;
  let error = document.getElementById(`${name}-error`);
  field.classList.toggle("field--wrong", Boolean(told && !told.warning));
  if (told && !told.warning) described.setAttribute("aria-invalid", "true");
  else described.removeAttribute("aria-invalid");
  const others = (described.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== `${name}-error`);
  const ids = told ? [`${name}-error`, ...others] : others;
  if (ids.length > 0) described.setAttribute("aria-describedby", ids.join(" "));
  else described.removeAttribute("aria-describedby");
  if (!told) return error?.remove();
  if (!error) {
    error = document.createElement("p");
    error.id = `${name}-error`;
    field.append(error);
  }
  const said = error.lastChild?.textContent;
  if (said === told.message && error.classList.contains("field__error--warning") === Boolean(told.warning)) return;
  error.setAttribute("role", "alert");
  error.className = told.warning ? "field__error field__error--warning" : "field__error";
  const kind = document.createElement("span");
  kind.className = "visually-hidden";
  kind.textContent = told.warning ? "提示：" : "错误：";
  error.replaceChildren(kind, told.message);
}

function tellSummary(name, message) {
  const summary = document.getElementById("error-summary");
  const link = summary?.querySelector(`li a[href="#${name}"]`);
  if (!link) return;
  // It was read when the page came; what changes is read beside the field.
  summary.removeAttribute("role");
  if (message) link.textContent = message;
  else link.closest("li").remove();
  if (!summary.querySelector("li") && !("whole" in summary.dataset)) summary.hidden = true;
}
