// A page with personal data that the browser kept alive is asked for anew: Chromium may keep one in spite of
// `no-store`, and going back after signing out must not show it.
"use strict";

addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
