// Says what is wrong with a field when it is left, by the server's own rules; the server checks everything again when the
// form is sent. Never sent along: passwords, codes, what is hidden. Nothing is said of what is empty or not reached yet.
"use strict";

for (const form of document.querySelectorAll("[data-check]")) {
  const left = new Set();
  const isAsked = (box) => box.name && !["password", "hidden", "submit", "button"].includes(box.type)
    && !["captcha_answer", "phone_code", "agreed"].includes(box.name);
  let newest = 0;

  form.addEventListener("change", async ({ target }) => {
    if (!isAsked(target)) return;
    left.add(target.name);
    const filled = [...form.elements].filter((box) => isAsked(box) && (box.type !== "radio" && box.type !== "checkbox" || box.checked));
    const turn = ++newest;
    const body = new URLSearchParams(filled.map((box) => [box.name, box.value]));
    try {
      const response = await fetch(form.dataset.check, { method: "POST", body, credentials: "same-origin" });
      if (!response.ok || turn !== newest) return;
      const told = await response.json();
      const isFilled = (name) => filled.some((box) => box.name === name && box.value !== "");
      for (const name of left) tellField(name, isFilled(name) ? told[name] : undefined);
    } catch {
      // The form itself will tell.
    }
  });
}
