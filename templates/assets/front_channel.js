// Goes on when every portal's frame has loaded, or when one takes too long. The way back does not lead here again.
"use strict";

const link = document.querySelector("a[data-when-told]");
const goOn = () => location.replace(link.href);
if (document.readyState === "complete") {
  goOn();
} else {
  addEventListener("load", goOn, { once: true });
  setTimeout(goOn, 3000);
}
