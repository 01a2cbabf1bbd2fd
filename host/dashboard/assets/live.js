// The live tail of a list. htmx inserts each new row into a held table; from there it moves to the list, unless somebody reads.
(() => {
  "use strict";

  const box = document.querySelector("[data-live]");
  if (!box) return;
  const held = document.querySelector("#live-held");
  const table = document.querySelector("[data-live-table]");
  const rows = document.querySelector("[data-live-rows]");
  const state = box.querySelector("[data-live-state]");
  const button = box.querySelector("[data-live-new]");
  const again = box.querySelector("[data-live-again]");
  /** The rows that the list and the held table keep at most. */
  const MAX_ROWS = 300;
  let status = "connecting";
  let ended = "";
  /** Rows that came while somebody read, those that are held no more included. */
  let waiting = 0;
  let lost = 0;

  const isRead = () =>
    document.querySelector("[data-pane-box]:not([hidden])") !== null ||
    rows.contains(document.activeElement) ||
    rows.querySelector(".is-current") !== null ||
    window.scrollY > 120 ||
    !(getSelection()?.isCollapsed ?? true);

  const show = () => {
    const words = { connecting: "Connecting…", live: "Live", lost: "Connection lost, connecting again…", gone: `Not live: ${ended}` };
    const isPaused = status === "live" && isRead();
    const text = isPaused ? "Paused while you read" : words[status];
    if (state.textContent !== text) state.textContent = text;
    box.dataset.status = isPaused ? "paused" : status;
    again.hidden = status !== "gone";
    button.hidden = waiting === 0;
    const label = `${waiting} new`;
    if (button.textContent !== label) button.textContent = label;
  };

  /** Rows are left out of the list here. */
  const gap = (text) => {
    const row = document.createElement("tr");
    row.className = "live-gap";
    const cell = document.createElement("td");
    cell.colSpan = table.tHead.rows[0].cells.length;
    cell.textContent = `${text} `;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Load the list again";
    cell.append(link);
    row.append(cell);
    return row;
  };

  /** Moves what is held to the list. */
  const release = () => {
    if (lost > 0) rows.prepend(gap(`${lost} more came in between.`));
    const known = new Set([...rows.querySelectorAll("[data-entry]")].map((row) => row.dataset.entry));
    for (const row of [...held.children].reverse()) {
      if (row.dataset.entry && known.has(row.dataset.entry)) row.remove();
      else rows.prepend(row);
    }
    waiting = 0;
    lost = 0;
    if (rows.children.length > 0) {
      table.hidden = false;
      document.querySelector("[data-live-empty]")?.remove();
    }
    while (rows.children.length > MAX_ROWS) rows.lastElementChild.remove();
    // The next page begins where the list ends now.
    const last = [...rows.querySelectorAll("[data-entry]")].at(-1);
    const older = document.querySelector('.pagination a[rel="next"]');
    if (last && older) {
      const address = new URL(older.href);
      address.searchParams.set("after", last.dataset.entry.replaceAll("-", ""));
      older.href = address.href;
    }
    document.dispatchEvent(new CustomEvent("inlet:rows"));
  };

  const update = () => {
    if (held.children.length > 0 && !isRead()) release();
    show();
  };

  // A row has come, or the place of what is missing.
  new MutationObserver((changes) => {
    const came = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.nodeType === Node.ELEMENT_NODE);
    if (came.length === 0) return;
    if (isRead()) {
      const isKnown = (row) => row.dataset.entry && rows.querySelector(`[data-entry="${CSS.escape(row.dataset.entry)}"]`);
      for (const row of came) {
        if (isKnown(row)) row.remove();
        else if (row.dataset.entry) waiting += 1;
      }
      while (held.children.length > MAX_ROWS) {
        held.lastElementChild.remove();
        lost += 1;
      }
    }
    update();
  }).observe(held, { childList: true });

  const is = (next) => () => { status = next; update(); };
  box.addEventListener("open", is("live"));
  box.addEventListener("beat", is("live"));
  box.addEventListener("ended", is("lost"));
  const end = (reason) => { ended = reason; is("gone")(); };
  box.addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) end("the session has ended; sign in again");
    else if (status !== "gone") is("lost")();
  });
  // A browser that was refused does not come back.
  box.addEventListener("htmx:sse:before:connection", (event) => { if (status === "gone") event.preventDefault(); });
  box.addEventListener("missed", (event) => held.prepend(gap(`${event.detail.data}.`)));
  box.addEventListener("gone", (event) => end(event.detail.data));
  box.addEventListener("htmx:sse:close", () => { if (status === "live") is("lost")(); });

  button.addEventListener("click", () => {
    for (const row of rows.querySelectorAll(".is-current")) row.classList.remove("is-current");
    release();
    window.scrollTo({ top: 0 });
    show();
  });
  for (const name of ["inlet:selected", "inlet:unselected", "scroll", "focusin", "focusout", "selectionchange"]) {
    document.addEventListener(name, () => setTimeout(update), { passive: true });
  }
  update();
})();
