// Sends the page's form at once, unless the visitor has come back to it; without this script its button does. Written
// for old browsers, too: the certification suite's is one.
"use strict";

const form = document.querySelector("form[data-submit-now]");
const visits = window.performance && performance.getEntriesByType ? performance.getEntriesByType("navigation") : [];
const isReturn = visits.length > 0 && visits[0].type === "back_forward";
if (form && !isReturn) form.submit();
