// The picture captcha: a new picture without losing what was typed, and the way round the picture.
// Without pictures the browser proves some work instead: find the smallest n ≥ 0 such that
// SHA-256(salt + ":" + n) begins with `difficulty` zero bits.
"use strict";

for (const box of document.querySelectorAll("[data-captcha]")) {
  const picture = box.querySelector(".captcha__image img");
  const answer = box.querySelector("[name=captcha_answer]");
  const id = box.querySelector("[name=captcha_id]");
  const proof = box.querySelector("[name=captcha_proof]");
  const status = box.querySelector(".captcha__status");
  const proveButton = box.querySelector("[data-captcha-proof]");
  const refreshButtons = box.querySelectorAll("[name=refresh_captcha]");
  const say = (text) => { status.textContent = text; };

  function show(next) {
    id.value = next.id;
    picture.src = next.image;
    box.dataset.proofUrl = next.proof_url;
    answer.value = "";
    proof.value = "";
    proveButton.disabled = false;
    box.querySelector("[data-captcha-picture]").hidden = false;
    box.querySelector(".captcha__help").hidden = false;
    box.classList.remove("captcha--passed");
    say("");
  }

  async function refresh() {
    try {
      show(await getJson(box.dataset.refreshUrl, "POST"));
      answer.focus();
      say("已换一张图片");
    } catch {
      say("换图失败，请稍后再试");
    }
  }

  async function prove() {
    proveButton.disabled = true;
    say("正在验证，请稍候……");
    try {
      const { salt, difficulty } = await getJson(box.dataset.proofUrl, "GET");
      proof.value = await findProof(salt, difficulty);
      box.querySelector("[data-captcha-picture]").hidden = true;
      box.querySelector(".captcha__help").hidden = true;
      answer.value = "";
      tellField("captcha_answer"); // site.js
      box.classList.add("captcha--passed");
      say("已通过无图验证");
      const form = box.closest("form");
      const empty = [...form.elements].find((field) => field.required && field !== answer && field.value === "");
      (empty || form.querySelector(".button--primary")).focus();
    } catch {
      proveButton.disabled = false;
      say("验证失败，请换一张图片后再试");
    }
  }

  for (const button of refreshButtons) {
    button.addEventListener("click", (event) => { event.preventDefault(); refresh(); });
  }
  // sms_code.js has used this one up.
  box.addEventListener("captcha:next", (event) => show(event.detail));
  proveButton.hidden = false;
  proveButton.addEventListener("click", prove);
}

async function getJson(url, method) {
  const response = await fetch(url, { method, headers: { accept: "application/json" }, credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function findProof(salt, difficulty) {
  for (let n = 0; ; n++) {
    if (leadingZeroBits(sha256(salt + ":" + n)) >= difficulty) return String(n);
    if (n % 4096 === 4095) await new Promise((resume) => setTimeout(resume)); // let the page breathe
  }
}

function leadingZeroBits(words) {
  let bits = 0;
  for (const word of words) {
    bits += Math.clz32(word);
    if (word !== 0) break;
  }
  return bits;
}

// SHA-256 (FIPS 180-4) of an ASCII string, as eight words. Much faster here than crypto.subtle,
// which is asynchronous for every hash.
const PRIMES = [];
for (let n = 2; PRIMES.length < 64; n++) if (PRIMES.every((p) => n % p)) PRIMES.push(n);
const fraction = (x) => ((x - Math.floor(x)) * 2 ** 32) | 0;
const START = PRIMES.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
const ROUND = PRIMES.map((p) => fraction(Math.cbrt(p)));

function sha256(text) {
  const blocks = (text.length + 72) >> 6;
  const data = new Int32Array(blocks * 16);
  for (let i = 0; i < text.length; i++) data[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8);
  data[text.length >> 2] |= 0x80 << (24 - (text.length % 4) * 8);
  data[data.length - 1] = text.length * 8;

  const hash = Int32Array.from(START);
  const w = new Int32Array(64);
  const turn = (x, by) => (x >>> by) | (x << (32 - by));
  for (let block = 0; block < blocks; block++) {
    let [a, b, c, d, e, f, g, h] = hash;
    for (let i = 0; i < 64; i++) {
      w[i] = i < 16 ? data[block * 16 + i]
        : w[i - 16] + w[i - 7]
          + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3))
          + (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10));
      const t1 = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[i] + w[i];
      const t2 = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g; g = f; f = e; e = (d + t1) | 0;
      d = c; c = b; b = a; a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => { hash[i] += word; });
  }
  return hash;
}
