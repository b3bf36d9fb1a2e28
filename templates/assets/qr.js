// The code on the sign-in page: what becomes of it comes as server-sent events, or by asking where those don't get
// through. It renews itself a few times; then somebody has to be there.
"use strict";

const UNSEEN_RENEWALS = 5;
const FIRST_POLL = 2000;
const SLOWEST_POLL = 10000;
const OPEN = ["waiting", "scanned"];
const hidden = () => document.visibilityState !== "visible";

for (const box of document.querySelectorAll("[data-qr]")) {
  const find = (name) => box.querySelector(`[data-qr-${name}]`);
  const [picture, status, form, lost] = ["picture", "status", "finish", "lost"].map(find);
  const all = (selector) => [...box.querySelectorAll(selector)];
  let events = null;
  let poll = 0;
  let watch = 0;
  let unseen = 0;
  let entering = false;
  let asleep = false;
  let renewing = false;
  let state = box.dataset.state;

  // Without a connection only the words change: a number that is there to be chosen stays.
  function show(next, isLost = false) {
    state = box.dataset.state = next;
    lost.hidden = !isLost;
    for (const part of all("[data-qr-when]")) {
      part.hidden = !part.dataset.qrWhen.split(" ").includes(next) || isLost && part.parentElement === lost.parentElement;
    }
    const words = all(".qr__words p, .qr__number").filter((part) => !part.hidden);
    status.textContent = words.map((part) => part.textContent.trim().replace(/\s+/g, " ")).join("。");
  }

  function hear(news) {
    if (news.state === "scanned") {
      find("name").textContent = news.name;
      find("number").textContent = news.number;
    }
    if (news.state !== state || !lost.hidden) show(news.state);
    clearTimeout(watch);
    if (OPEN.includes(state)) {
      // Its end is told, too; but a connection may die without a word.
      watch = setTimeout(ask, (news.expires_in + 3) * 1000, FIRST_POLL, true);
      return;
    }
    stop();
    if (state === "confirmed") enter();
    if (state === "expired" && unseen < UNSEEN_RENEWALS) renew(false);
  }

  function enter() {
    if (entering) return;
    entering = true;
    form.submit();
    form.querySelector("button").disabled = true;
  }

  function stop() {
    events?.close();
    events = null;
    clearTimeout(poll);
    clearTimeout(watch);
  }

  // Nobody scans what nobody sees: hidden tabs leave the few connections that a browser has for one host to those that
  // are looked at.
  function listen() {
    stop();
    asleep = hidden() && state === "waiting";
    if (asleep) return;
    if (!("EventSource" in window)) return ask(FIRST_POLL);
    events = new EventSource(box.dataset.events);
    // The first event comes at once: where a proxy keeps events back, a connection alone says nothing.
    poll = setTimeout(ask, 3000, FIRST_POLL);
    events.onmessage = (event) => {
      clearTimeout(poll);
      hear(JSON.parse(event.data));
    };
    // The browser tries again by itself, unless it was answered something else than events.
    events.onerror = () => {
      if (events?.readyState === EventSource.CLOSED) ask(FIRST_POLL);
      else if (OPEN.includes(state) && lost.hidden) ask(FIRST_POLL, true);
    };
  }

  // Asks now; then, while there are no events, again and again, ever more slowly.
  async function ask(pause, once = false) {
    clearTimeout(poll);
    const url = box.dataset.stateUrl;
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok && response.status !== 404) throw new Error(String(response.status));
      const news = await response.json();
      if (asleep || url !== box.dataset.stateUrl) return; // of a code that is over
      hear(news);
      if (once) return;
      // The server is back: events are quicker.
      if (OPEN.includes(state) && events && events.readyState === EventSource.CLOSED && pause >= SLOWEST_POLL) return listen();
    } catch {
      if (asleep || url !== box.dataset.stateUrl || !OPEN.includes(state)) return;
      if (lost.hidden) show(state, true); // once: it is read out
    }
    if (OPEN.includes(state)) poll = setTimeout(ask, pause, Math.min(pause * 1.5, SLOWEST_POLL));
  }

  async function renew(asked) {
    if (renewing) return;
    renewing = true;
    unseen = asked ? 0 : unseen + 1;
    try {
      const response = await fetch(box.dataset.renew, { method: "POST", body: new URLSearchParams(), credentials: "same-origin" });
      const next = await response.json();
      if (response.status === 429) {
        find("message").textContent = next.message;
        return show("refused");
      }
      if (!response.ok) throw new Error(String(response.status));
      form.elements.ticket.value = next.ticket;
      box.dataset.events = next.events;
      box.dataset.stateUrl = next.state;
      box.dataset.again = next.again;
      picture.src = next.picture;
      show("waiting");
      listen();
      if (asked) picture.focus();
    } catch {
      if (asked) location.assign(find("refresh").href);
    } finally {
      renewing = false;
    }
  }

  for (const link of all("[data-qr-refresh]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      renew(true);
    });
  }
  form.addEventListener("submit", (event) => {
    if (entering) event.preventDefault();
    entering = true;
  });
  picture.tabIndex = -1;
  for (const sign of ["pointerdown", "keydown", "pointermove"]) addEventListener(sign, () => { unseen = 0; });
  // What slept, or was cut off, has missed things.
  function wake() {
    if (!hidden()) unseen = 0;
    else if (state === "scanned") return;
    if (OPEN.includes(state)) listen();
  }
  document.addEventListener("visibilitychange", wake);
  addEventListener("online", wake);
  addEventListener("pagehide", stop);
  // Back from the history: what was shown then is long over.
  addEventListener("pageshow", (event) => { if (event.persisted) location.replace(box.dataset.again); });
  if (state === "confirmed") enter();
  else if (OPEN.includes(state)) listen();
}
