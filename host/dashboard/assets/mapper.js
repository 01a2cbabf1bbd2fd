// The form of a mapping: a click on a field of the sample puts its path into the field of the form that had the focus last.
(() => {
  "use strict";

  const form = document.getElementById("mapping-form");
  if (!form) return;
  let taker = null;
  const take = (field) => {
    taker?.classList.remove("is-taking");
    taker = field;
    taker.classList.add("is-taking");
  };
  document.addEventListener("focusin", (event) => {
    if (event.target.matches?.("[data-takes-path]")) take(event.target);
  });

  const insert = (field, text) => field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  // The name of a path's last step.
  const nameOf = (path) => {
    const quoted = path.match(/\["((?:[^"\\]|\\.)*)"\]$/);
    return quoted ? JSON.parse(`"${quoted[1]}"`) : path.replace(/\[\d+\]$/, "").split(".").pop();
  };
  const pick = (path) => {
    const field = taker?.isConnected ? taker : form.querySelector("[data-takes-path]");
    if (!field) return;
    const row = field.closest(".value-row, .row-fields");
    const how = row?.querySelector("select[data-how]");
    if (field.tagName === "TEXTAREA") insert(field, JSON.stringify(path));
    else if (how?.value === "template") insert(field, `{{ ${path} }}`);
    else {
      field.value = path;
      if (how) how.value = "path";
    }
    const name = field.hasAttribute("data-names-row") ? row.querySelector("input") : null;
    if (name && name.value === "") name.value = nameOf(path);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
    const label = field.labels?.[0]?.firstChild?.textContent.trim() || field.getAttribute("aria-label") || "the field";
    const said = document.getElementById("picked");
    if (said) said.textContent = `${path} was put into ${label}.`;
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-path]");
    if (button) pick(button.dataset.path);
  });

  // Another row of a list, without asking the server.
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add-row]");
    if (!button) return;
    event.preventDefault();
    const rows = button.parentElement.querySelectorAll("[data-repeat]");
    const last = rows[rows.length - 1];
    if (!last) return;
    const row = last.cloneNode(true);
    for (const input of row.querySelectorAll("input")) { input.value = ""; input.classList.remove("is-taking"); }
    for (const select of row.querySelectorAll("select")) select.selectedIndex = 0;
    last.after(row);
    row.querySelector("input").focus();
  });

  // An object is said as a whole, or member by member: other fields.
  form.addEventListener("change", (event) => {
    const choice = event.target;
    if (choice.matches("[data-redraw]") && (choice.value === "fields" || choice.closest("fieldset.rows"))) {
      window.htmx.trigger(document.getElementById("parameters"), "redraw");
    }
  });
})();
