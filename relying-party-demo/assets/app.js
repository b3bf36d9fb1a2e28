// The app's pages: the camera, and the time that is left. Without it the two forms do the same.
"use strict";

const PAUSE = 400; // ms between two frames
const LONGEST = 120_000; // ms that the camera stays on without a code
const SIDE = 1000; // pixels: enough to read a code, little to send

const camera = document.querySelector("[data-camera]");
if (camera && navigator.mediaDevices?.getUserMedia) watch(camera);

const timer = document.querySelector("[data-seconds-left]");
if (timer) count(timer, Date.now() + timer.dataset.secondsLeft * 1000);

function watch(box) {
  const [start, stop, finder, status] = ["start", "stop", "finder", "status"].map((name) =>
    box.querySelector(`[data-${name}]`));
  const video = box.querySelector("video");
  const canvas = document.createElement("canvas");
  const say = (name) => { status.textContent = box.dataset[name] ?? ""; };
  let stream = null;
  box.hidden = false;

  function show(isOn) {
    finder.hidden = stop.hidden = !isOn;
    start.hidden = isOn;
  }

  async function open() {
    start.disabled = true;
    say("asking");
    try {
      const video = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 1280 } };
      stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
    } catch (error) {
      say({ NotAllowedError: "denied", NotFoundError: "missing" }[error.name] ?? "failed");
      return;
    } finally {
      start.disabled = false;
    }
    video.srcObject = stream;
    show(true);
    say("looking");
    stop.focus();
    await look(stream);
  }

  function close(why) {
    if (!stream) return;
    for (const track of stream.getTracks()) track.stop();
    stream = video.srcObject = null;
    const hadFocus = document.activeElement === stop;
    show(false);
    if (hadFocus) start.focus();
    say(why);
  }

  async function look(mine) {
    const end = Date.now() + LONGEST;
    await video.play().catch(() => close("failed"));
    while (stream === mine) {
      if (Date.now() > end) return close("late");
      const answer = await ask();
      if (stream !== mine) return;
      if (answer.next) {
        close("found");
        return location.assign(answer.next);
      }
      if (answer.message) status.textContent = answer.message;
      else if (answer.offline) say("offline");
      else if (answer.nothing) say("looking");
      await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    }
  }

  async function ask() {
    const { videoWidth: width, videoHeight: height } = video;
    if (!width) return {};
    const scale = Math.min(1, SIDE / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const body = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.85); });
    try {
      const response = await fetch(box.dataset.frames, { method: "POST", body, credentials: "same-origin" });
      const answer = await response.json();
      return { nothing: true, ...answer };
    } catch {
      return { offline: true };
    }
  }

  start.addEventListener("click", open);
  stop.addEventListener("click", () => close("stopped"));
  document.addEventListener("visibilitychange", () => { if (document.hidden) close("stopped"); });
  addEventListener("pagehide", () => close("stopped"));
}

// The server says when it is over: at zero its page is asked for again.
function count(place, end) {
  const tick = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const seconds = left % 60;
    place.textContent = left < 60 ? `${left} 秒` : `${Math.floor(left / 60)} 分 ${String(seconds).padStart(2, "0")} 秒`;
    if (left > 0) return;
    clearInterval(tick);
    location.replace(location.href.split("#")[0]);
  }, 1000);
}
