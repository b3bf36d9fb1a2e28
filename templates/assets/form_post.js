// Sends the page's form at once; without this script its button does. Not again when the visitor comes back to it.
"use strict";

const navigation = performance.getEntriesByType("navigation")[0];
if (!navigation || navigation.type !== "back_forward") {
  document.querySelector("form[data-submit-now]")?.submit();
}
