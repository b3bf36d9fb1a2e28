// A telephone and its code, sent and proved while the form stays as it is: passwords that are typed already are kept.
"use strict";

for (const box of document.querySelectorAll("[data-sms]")) {
  const open = box.querySelector("[data-sms-open]");
  const proved = box.querySelector("[data-sms-proved]");
  const phone = box.querySelector("#phone");
  const code = box.querySelector("#phone_code");
  if (!phone || !code) continue; // proved already
  const send = box.querySelector("[data-sms-send]");
  const status = box.querySelector("[data-sms-status]");
  const token = box.querySelector("[name=phone_token]");
  const value = (name) => box.querySelector(`[name=${name}]`)?.value ?? "";

  async function post(url, fields) {
    const body = new URLSearchParams({ purpose: box.dataset.purpose, phone: phone.value, ...fields });
    const response = await fetch(url, { method: "POST", body, credentials: "same-origin" });
    if (!response.ok && response.status !== 422) throw new Error(String(response.status));
    return { accepted: response.ok, ...(await response.json()) };
  }

  function tell(name, message) {
    tellField(name, { message }); // site.js
    box.querySelector(`#${name}`).focus();
  }
  const takeBack = () => { for (const name of ["phone", "captcha_answer", "phone_code"]) tellField(name); };

  function showCaptcha(captcha) {
    const shown = box.querySelector("[data-captcha]");
    if (shown && captcha) shown.dispatchEvent(new CustomEvent("captcha:next", { detail: captcha }));
  }

  function countDown(seconds) {
    send.disabled = seconds > 0;
    send.textContent = seconds > 0 ? `重新发送(${seconds}s)` : "重新获取";
    if (seconds > 0) setTimeout(countDown, 1000, seconds - 1);
  }

  send.addEventListener("click", async (event) => {
    event.preventDefault();
    takeBack();
    status.textContent = "";
    send.disabled = true;
    try {
      const answer = await post("/sms-code/send", {
        captcha_id: value("captcha_id"), captcha_answer: value("captcha_answer"), captcha_proof: value("captcha_proof"),
      });
      showCaptcha(answer.captcha);
      if (answer.accepted) {
        status.textContent = answer.notice;
        code.value = "";
        code.focus();
        countDown(60);
      } else {
        send.disabled = false;
        tell(answer.field, answer.message);
      }
    } catch {
      send.disabled = false;
      status.textContent = "发送失败，请稍后再试";
    }
  });

  let asking = false;
  code.addEventListener("input", async () => {
    const digits = code.value.normalize("NFKC").replace(/\s/g, "");
    if (asking || !/^[0-9]{6}$/.test(digits)) return;
    asking = true;
    try {
      const answer = await post("/sms-code/verify", { phone_code: digits });
      if (answer.accepted) {
        takeBack();
        token.value = answer.token;
        box.querySelector("[data-sms-number]").textContent = answer.masked;
        open.hidden = true;
        // Hidden fields must not stop the browser from submitting.
        for (const input of open.querySelectorAll("[required]")) input.required = false;
        proved.hidden = false;
        const next = [...code.form.elements].find((field) => field.required && field.value === "" && field.offsetParent);
        (next || code.form.querySelector(".button--primary")).focus();
      } else {
        tell(answer.field, answer.message);
      }
    } catch {
      status.textContent = "验证失败，提交时将再次验证";
    } finally {
      asking = false;
    }
  });
}
