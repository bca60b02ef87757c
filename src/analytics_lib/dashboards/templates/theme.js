/* Which of light and dark a reader chose; before anything is drawn. */
"use strict";

(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* a private window remembers nothing */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
