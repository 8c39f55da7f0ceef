"use strict";
/* Two comforts that the pages also work without: the answer form posts itself, and choosing another person
   shows that person's claims at once in every field that was not edited. */

function setUp() {
  const answer = document.querySelector("form[data-auto-submit]");
  if (answer) {
    answer.submit();
    return;
  }
  const select = document.querySelector("select[data-people]");
  if (!select) {
    return;
  }
  const form = select.form;
  const leaveOutBox = (name) => form.querySelector(`input[name="leave_out"][value="${CSS.escape(name)}"]`);
  const ownClaims = (id) => JSON.parse([...select.options].find((option) => option.value === id).dataset.claims);

  select.addEventListener("change", () => {
    const loaded = form.elements.namedItem("loaded_person");
    const before = ownClaims(loaded.value);
    const after = ownClaims(select.value);
    for (const [name, own] of Object.entries(before)) {
      const field = form.elements.namedItem(name);
      const box = leaveOutBox(name);
      const untouched = field && field.value === own.text && (!box || box.checked === own.leave_out);
      if (untouched) {
        field.value = after[name].text;
        if (box) {
          box.checked = after[name].leave_out;
        }
      }
    }
    loaded.value = select.value;
  });

  form.addEventListener("input", (event) => {
    const box = leaveOutBox(event.target.name);
    if (box && event.target.value !== "") {
      box.checked = false;
    }
  });
}

setUp();
