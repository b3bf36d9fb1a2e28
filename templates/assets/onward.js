// Goes on to the link after some seconds, unless the visitor does something first.
"use strict";

for (const link of document.querySelectorAll("[data-onward]")) {
  const going = setTimeout(() => { location.href = link.href; }, Number(link.dataset.onward) * 1000);
  for (const event of ["keydown", "pointerdown"]) addEventListener(event, () => clearTimeout(going), { once: true });
}
