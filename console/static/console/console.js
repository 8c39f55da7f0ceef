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

// The box that ticks all of a page's rows; without a script it stays hidden.
document.addEventListener("DOMContentLoaded", () => {
  for (const all of document.querySelectorAll("[data-tick-all]")) {
    const boxes = [...all.form.elements].filter((box) => box.name === all.dataset.tickAll && box.type === "checkbox");
    all.hidden = false;
    all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
  }
});
