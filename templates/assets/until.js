// 有效时间 of an operator: only 指定结束日期 asks for a date. The server ignores it otherwise; this only says so.
"use strict";

const end = document.getElementById("valid_to");
const choices = [...document.querySelectorAll("[name=validity]")];

function follow() {
  const endless = choices.some((choice) => choice.checked && choice.value === "long_term");
  end.disabled = endless;
  end.required = !endless;
  end.closest(".field").classList.toggle("field--optional", endless);
  if (endless) tellField("valid_to"); // site.js
}

if (end && choices.length > 0) {
  for (const choice of choices) choice.addEventListener("change", follow);
  follow();
}
