// Copy buttons. They stay hidden where there is no script or no clipboard; the value beside them can be selected.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  if (!navigator.clipboard) {
    return;
  }
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const before = button.textContent;
      button.textContent = "✓";
      setTimeout(() => { button.textContent = before; }, 1500);
    });
  }
});
