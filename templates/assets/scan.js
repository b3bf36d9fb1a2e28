// At the telephone: the time that is left to confirm. At its end the page is asked for again, and says so.
"use strict";

for (const place of document.querySelectorAll("[data-seconds-left]")) {
  const end = Date.now() + place.dataset.secondsLeft * 1000;
  const tick = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    const seconds = left % 60;
    place.textContent = left < 60 ? `${left} 秒` : `${Math.floor(left / 60)} 分 ${String(seconds).padStart(2, "0")} 秒`;
    if (left > 0) return;
    clearInterval(tick);
    location.replace(location.pathname);
  }, 1000);
}
