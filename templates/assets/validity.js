// 证件有效期: the term fills in the end, follows from the number, and only a resident ID card has one.
// The server knows the same rules (idp/src/domain/validity.rs); this only saves typing.
"use strict";

const type = document.getElementById("document_type");
const number = document.getElementById("document_number");
const start = document.getElementById("valid_from");
const end = document.getElementById("valid_to");
const terms = document.querySelector("[data-choice=term]");

if (type && start && end && terms) {
  const radios = [...terms.querySelectorAll("input")];
  const term = () => radios.find((radio) => radio.checked)?.value;
  const isCard = () => type.value === "111";
  let touched = radios.some((radio) => radio.checked);

  // Only when the visitor has changed something: what was typed, and refused, stays beside its message.
  function fillEnd() {
    const endless = isCard() && term() === "long_term";
    if (endless) end.value = "";
    else if (isCard() && term() && start.value) end.value = yearsLater(start.value, Number(term()));
    closeEnd();
  }

  function closeEnd() {
    const endless = isCard() && term() === "long_term";
    end.disabled = endless && end.value === "";
    end.required = !endless;
    end.closest(".field").classList.toggle("field--optional", endless);
  }

  function preselect() {
    const digits = number.value.normalize("NFKC").replace(/[\s-]/g, "");
    if (touched || !isCard() || digits.length !== 18) return;
    const born = new Date(`${digits.slice(6, 10)}-${digits.slice(10, 12)}-${digits.slice(12, 14)}`);
    const at = start.value ? new Date(start.value) : new Date();
    if (Number.isNaN(born.getTime())) return;
    const had = at.getMonth() > born.getMonth() || (at.getMonth() === born.getMonth() && at.getDate() >= born.getDate());
    const age = at.getFullYear() - born.getFullYear() - (had ? 0 : 1);
    const fits = age < 16 ? "5" : age < 26 ? "10" : age < 46 ? "20" : "long_term";
    for (const radio of radios) radio.checked = radio.value === fits;
    tellField("term"); // site.js
    fillEnd();
  }

  function followType() {
    terms.hidden = !isCard();
    const paper = isCard() ? "身份证" : "证件";
    setLabel("valid_from", `${paper}有效开始日期`);
    setLabel("valid_to", `${paper}有效结束日期`);
    const { cardHint, otherHint } = end.closest("[data-end]").dataset;
    document.getElementById("valid_to-hint").textContent = isCard() ? cardHint : otherHint;
    closeEnd();
  }

  terms.addEventListener("change", () => { touched = true; fillEnd(); });
  start.addEventListener("change", () => { preselect(); fillEnd(); });
  number?.addEventListener("change", preselect);
  type.addEventListener("change", () => { followType(); fillEnd(); });
  followType();
}

function yearsLater(text, years) {
  const [year, month, day] = text.split("-").map(Number);
  const last = new Date(Date.UTC(year + years, month, 0)).getUTCDate();
  return [String(year + years).padStart(4, "0"), month, Math.min(day, last)].map((part) => String(part).padStart(2, "0")).join("-");
}

function setLabel(name, text) {
  const label = document.querySelector(`[data-label-of=${name}]`);
  if (!label) return;
  label.textContent = text;
  const box = document.getElementById(name);
  if (box.placeholder) box.placeholder = `请输入${text}`;
}

// 企业名称 or 单位名称, 法定代表人 or 负责人 or 经营者: as the type of unit has it. The type itself follows from the credit
// code, unless the visitor has chosen one, or the form comes back with what was sent.
const unitType = document.querySelector("[data-unit-labels]");
if (unitType) {
  const labels = JSON.parse(unitType.dataset.unitLabels);
  const select = document.getElementById("entity_type");
  const follow = () => {
    const [name, person] = labels[select.value] ?? [];
    if (!name) return;
    setLabel("unit_name", name);
    setLabel("representative_name", `${person}姓名`);
    setLabel("document_number", `${person}证件号码`);
    for (const title of document.querySelectorAll("[data-representative-title]")) title.textContent = `${person}信息`;
  };
  const suggested = JSON.parse(unitType.dataset.suggestedTypes);
  const code = document.getElementById("credit_code");
  let chosen = code.value !== "";
  select.addEventListener("change", () => { chosen = true; follow(); });
  code.addEventListener("change", () => {
    const digits = code.value.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();
    if (chosen || digits.length !== 18) return;
    select.value = suggested.find(([prefix]) => digits.startsWith(prefix))[1];
    follow();
  });
  follow();
}
