// The code on the sign-in page: what becomes of it comes as server-sent events, or by asking where those don't get
// through. It renews itself a few times; then somebody has to be there.
"use strict";

const UNSEEN_RENEWALS = 5;
const FIRST_POLL = 2000;
const SLOWEST_POLL = 10000;
const OPEN = ["waiting", "scanned"];

for (const box of document.querySelectorAll("[data-qr]")) {
  const picture = box.querySelector("[data-qr-picture]");
  const status = box.querySelector("[data-qr-status]");
  const form = box.querySelector("[data-qr-finish]");
  let events = null;
  let poll = 0;
  let unseen = 0;
  let state = box.dataset.state;

  function show(next) {
    state = next;
    box.dataset.state = next;
    for (const part of box.querySelectorAll("[data-qr-when]")) part.hidden = !part.dataset.qrWhen.split(" ").includes(next);
    const words = [...box.querySelectorAll(".qr__words p, .qr__number")].filter((part) => !part.hidden);
    status.textContent = words.map((part) => part.textContent.trim().replace(/\s+/g, " ")).join("。");
  }

  function hear(news) {
    if (news.state === "scanned") {
      box.querySelector("[data-qr-name]").textContent = news.name;
      box.querySelector("[data-qr-number]").textContent = news.number;
    }
    if (news.state !== state) show(news.state);
    if (OPEN.includes(news.state)) return;
    stop();
    if (news.state === "confirmed") form.submit();
    if (news.state === "expired" && unseen < UNSEEN_RENEWALS) renew(false);
  }

  function stop() {
    events?.close();
    events = null;
    clearTimeout(poll);
  }

  function listen() {
    stop();
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
      else if (OPEN.includes(state)) ask(FIRST_POLL, true);
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
      if (url !== box.dataset.stateUrl) return; // of a code that is over
      hear(news);
      if (once) return;
      // The server is back: events are quicker.
      if (OPEN.includes(state) && events && events.readyState === EventSource.CLOSED && pause >= SLOWEST_POLL) return listen();
    } catch {
      show("lost");
    }
    if (OPEN.includes(state) || state === "lost") {
      poll = setTimeout(ask, pause, Math.min(pause * 1.5, SLOWEST_POLL));
    }
  }

  async function renew(asked) {
    unseen = asked ? 0 : unseen + 1;
    try {
      const response = await fetch(box.dataset.renew, { method: "POST", body: new URLSearchParams(), credentials: "same-origin" });
      if (!response.ok) throw new Error(String(response.status));
      const next = await response.json();
      form.elements.ticket.value = next.ticket;
      box.dataset.events = next.events;
      box.dataset.stateUrl = next.state;
      picture.src = next.picture;
      show("waiting");
      listen();
      if (asked) picture.focus();
    } catch {
      if (asked) location.reload();
    }
  }

  box.querySelector("[data-qr-refresh]").addEventListener("click", (event) => {
    event.preventDefault();
    renew(true);
  });
  picture.tabIndex = -1;
  for (const sign of ["pointerdown", "keydown", "pointermove"]) addEventListener(sign, () => { unseen = 0; });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "visible") return;
    unseen = 0;
    if (OPEN.includes(state) && !events) listen();
  });
  addEventListener("pagehide", stop);
  // Back from the history: what was shown then is long over.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  if (state === "confirmed") form.submit();
  else if (OPEN.includes(state)) listen();
}
