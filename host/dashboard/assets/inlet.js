// What pages do beyond HTML and htmx: local times, copying, panes, the keyboard, the palette. Every page works without it.
(() => {
  "use strict";

  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Times in the browser's zone, with zone and UTC on hover.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const two = (number) => String(number).padStart(2, "0");
  const local = (date) =>
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const span = (ms) => {
    const seconds = Math.floor(ms / 1000);
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} d`;
  };
  const distance = (date) => {
    const ms = Date.now() - date;
    if (ms < -1000) return `in ${span(-ms)}`;
    return ms < 5000 ? "just now" : `${span(ms)} ago`;
  };
  const setText = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const showTimes = (root = document) => {
    for (const element of all("time[data-local], time[data-ago], time[data-span]", root)) {
      const date = new Date(element.dateTime);
      if (Number.isNaN(date.getTime())) continue;
      if (!element.dataset.zoned) {
        element.title = `${local(date)} ${zone}\n${element.title}`;
        element.dataset.zoned = "1";
      }
      if ("span" in element.dataset) setText(element, span(Math.max(Date.now() - date, 0)));
      else setText(element, "ago" in element.dataset ? distance(date) : local(date));
    }
  };
  // The bars of charts name their local time, and say their values below the chart. The arrows move between them.
  const nameBars = () => {
    for (const bar of all("svg g[data-at]:not([data-zoned])")) {
      const title = find("title", bar);
      title.textContent = title.textContent.replace(bar.dataset.at, `${local(new Date(bar.dataset.at))} ${zone}`);
      bar.setAttribute("aria-label", title.textContent);
      bar.dataset.zoned = "1";
    }
  };
  const sayBar = (event) => {
    const bar = event.target.closest?.("svg g[data-at]");
    const value = bar && find("[data-chart-value]", bar.closest("figure"));
    if (value) setText(value, bar.getAttribute("aria-label"));
  };
  for (const name of ["focusin", "mouseover"]) document.addEventListener(name, sayBar);
  document.addEventListener("keydown", (event) => {
    const bar = event.target.closest?.("svg g[data-at]");
    if (!bar || event.ctrlKey || event.metaKey || event.altKey) return;
    const bars = all("g[data-at]", bar.closest("svg"));
    const at = bars.indexOf(bar);
    const next = { ArrowLeft: bars[at - 1], ArrowRight: bars[at + 1], Home: bars[0], End: bars.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    bar.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
  setInterval(() => showTimes(), 10000);
  /** The reason of a stream that is refused when the browser connects again. */
  const SIGNED_OUT = "the session has ended; sign in again";

  // Copying.
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      // Without https a page has no clipboard of its own.
      const area = document.createElement("textarea");
      area.value = button.dataset.copy;
      area.className = "sr-only";
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.classList.add("is-copied");
    setTimeout(() => button.classList.remove("is-copied"), 1500);
  });

  // Trees of JSON: search, and expand.
  document.addEventListener("input", (event) => {
    const search = event.target.closest("[data-json-search]");
    if (search) {
      searchTree(search.closest("[data-json]"), search.value.trim().toLowerCase());
      if (search.dataset.jsonFind) searchWhole(search);
    }
    const confirm = event.target.closest("[data-confirm]");
    if (confirm) confirm.setCustomValidity(confirm.value.trim() === confirm.dataset.confirm ? "" : "Type the name exactly.");
  });
  const searchTree = (tree, wanted) => {
    let hits = 0;
    for (const row of all(".json-row, .json-node > summary", tree)) {
      const isHit = wanted !== "" && row.textContent.toLowerCase().includes(wanted);
      row.classList.toggle("is-hit", isHit);
      if (!isHit) continue;
      hits += 1;
      for (let node = row.parentElement.closest("details"); node && tree.contains(node); node = node.parentElement.closest("details")) node.open = true;
    }
    setText(find(".json-hits", tree), wanted === "" ? "" : `${hits} found`);
    find(".is-hit", tree)?.scrollIntoView({ block: "nearest" });
  };
  // The part of a text that its tree leaves out is searched on the server.
  let searches = 0;
  const searchWhole = (search) => {
    clearTimeout(searches);
    const found = find(".json-found", search.closest("[data-json]"));
    const wanted = search.value.trim();
    if (wanted === "") { found.replaceChildren(); return; }
    const address = search.dataset.jsonFind + encodeURIComponent(wanted);
    const load = () => window.htmx.ajax("GET", address, { target: found, swap: "innerHTML", headers: { "HX-Target": "div#json-found" } });
    searches = setTimeout(load, 300);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-json-open]");
    if (!button) return;
    const nodes = all("details", button.closest("[data-json]"));
    const open = nodes.some((node) => !node.open);
    for (const node of nodes) node.open = open;
    setText(button, open ? "Collapse all" : "Expand all");
  });

  // A part of a tree that was too much for the page.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-json-load]");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    window.htmx.ajax("GET", link.href, { target: link, swap: "outerHTML", headers: { "HX-Target": "a#json-part" } });
  });

  // htmx would replace an element that polls by an error of the server or of a proxy, and the polling would end with it. The
  // element stays, so that the next request shows the state again.
  document.addEventListener("htmx:before:response", (event) => {
    const { sourceElement, response } = event.detail.ctx;
    if (response.status >= 500 && sourceElement.getAttribute("hx-trigger")?.startsWith("every ")) event.preventDefault();
  });

  // A stream whose first request fails is asked for again. htmx does so only where a stream has been open.
  for (const box of all("[hx-sse\\:connect]")) {
    const on = (name, handle) => box.addEventListener(name, (event) => event.target === box && handle(event));
    const fail = (status) => box.dispatchEvent(new CustomEvent("htmx:sse:error", { detail: { status } }));
    let isOpen = false;
    let isOver = false;
    let failures = 0;
    on("htmx:sse:after:connection", () => { isOpen = true; failures = 0; });
    on("htmx:sse:close", () => { isOpen = false; });
    on("htmx:sse:error", (event) => { isOver ||= event.detail.status === 401; });
    on("gone", () => { isOver = true; });
    on("htmx:before:response", (event) => {
      const { raw, status } = event.detail.ctx.response;
      if (raw.headers.get("content-type")?.includes("text/event-stream")) return;
      // The error page of a proxy, which is no row of a list.
      event.preventDefault();
      fail(status);
    });
    on("htmx:error", () => fail());
    on("htmx:finally:request", () => {
      if (isOpen || isOver) return;
      failures += 1;
      const request = { source: box, timeout: window.htmx.config.sse.connectTimeout };
      const connect = () => box.isConnected && window.htmx.ajax("GET", box.getAttribute("hx-sse:connect"), request);
      setTimeout(connect, Math.min(500 * 2 ** failures, 60_000));
    });
  }

  // A panel that a stream fills says when it is not live.
  for (const panel of all("[data-stream]")) {
    const state = find("[data-stream-state]", panel.closest("section"));
    let isGone = false;
    const say = (status, text) => {
      if (isGone) return;
      isGone = status === "gone";
      state.dataset.status = status;
      setText(state, text);
    };
    panel.addEventListener("htmx:sse:after:connection", () => say("live", "live"));
    panel.addEventListener("htmx:sse:before:connection", (event) => {
      if (isGone) event.preventDefault();
      else if (event.detail.connection.attempt > 0) say("lost", "connection lost, connecting again…");
    });
    panel.addEventListener("htmx:sse:error", (event) => {
      if (event.detail.status === 401) say("gone", `not live: ${SIGNED_OUT}`);
      else say("lost", "connection lost, connecting again…");
    });
    panel.addEventListener("gone", (event) => say("gone", `not live: ${event.detail.data}`));
  }

  // A time in UTC is picked in the browser's zone.
  for (const text of all("input[data-time]")) {
    const picker = document.createElement("input");
    picker.type = "datetime-local";
    picker.step = "1";
    picker.setAttribute("aria-label", `${text.name === "ending_at" ? "End" : "Start"}, in ${zone}`);
    picker.title = `In ${zone}`;
    const follow = () => {
      const date = new Date(text.value);
      picker.value = text.value === "" || Number.isNaN(date.getTime()) ? "" : local(date).replace(" ", "T");
    };
    picker.addEventListener("change", () => {
      const date = new Date(picker.value);
      text.value = Number.isNaN(date.getTime()) ? "" : date.toISOString().replace(/\.\d+Z$/, "Z");
    });
    text.addEventListener("change", follow);
    text.after(picker);
    follow();
  }

  // The rows of a list stay while it is searched, and say that they are not the answer yet.
  document.addEventListener("submit", (event) => {
    if (event.target.closest(".log-tools")) find("[data-results]")?.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => find("[data-results]")?.removeAttribute("aria-busy"));

  // Menus close when something else is clicked.
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });

  // A pane beside a list: a link with `data-pane` fills it. Without the script it is a page of its own.
  const openRow = async (link) => {
    const pane = find(link.dataset.pane);
    if (!pane) { location.assign(link.href); return; }
    for (const row of all("[data-row].is-selected")) row.classList.remove("is-selected");
    link.closest("[data-row]")?.classList.add("is-selected");
    document.dispatchEvent(new CustomEvent("inlet:selected", { detail: { link } }));
    pane.hidden = false;
    pane.setAttribute("aria-busy", "true");
    // `ajax` names the target of its source otherwise, which is the whole page.
    const headers = { "HX-Target": `aside#${pane.id}` };
    await window.htmx.ajax("GET", link.href, { target: pane, swap: "innerHTML", headers });
    pane.removeAttribute("aria-busy");
  };
  const closePane = () => {
    const pane = find("[data-pane-box]:not([hidden])");
    if (!pane) return false;
    pane.hidden = true;
    pane.replaceChildren();
    const row = find("[data-row].is-selected");
    row?.classList.remove("is-selected");
    find("a", row ?? document)?.focus();
    document.dispatchEvent(new CustomEvent("inlet:unselected"));
    return true;
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pane-close]")) { event.preventDefault(); closePane(); return; }
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest("a[data-pane]") ?? linkOfRow(event.target);
    if (!link) return;
    event.preventDefault();
    if (link.dataset.pane) openRow(link); else location.assign(link.href);
  });
  // A click anywhere in a row follows the row's link, unless it selects text or means another control.
  const linkOfRow = (target) => {
    if (target.closest("a, button, input, label, select, summary, form") || String(getSelection())) return null;
    return find("a[data-row-link]", target.closest("[data-row]") ?? document.createElement("i"));
  };

  // The keyboard.
  const rows = () => all("[data-row]").filter((row) => row.offsetParent !== null);
  const move = (step) => {
    const list = rows();
    if (list.length === 0) return;
    const at = list.findIndex((row) => row.classList.contains("is-current"));
    const next = list[Math.min(Math.max(at + step, 0), list.length - 1)] ?? list[0];
    for (const row of list) row.classList.toggle("is-current", row === next);
    next.scrollIntoView({ block: "nearest" });
    find("a[data-row-link]", next)?.focus({ preventScroll: true });
    if (find("[data-pane-box]:not([hidden])")) { const link = find("a[data-pane]", next); if (link) openRow(link); }
  };
  // The event of the page or the pane runs again. A marked row is opened first, and in production the button is only focused:
  // what reaches real people takes a second key.
  const runAgain = async () => {
    const link = find("[data-row].is-current a[data-pane]");
    const isOpened = link && !find("[data-pane-box]:not([hidden])");
    if (isOpened) await openRow(link);
    const pane = find("[data-pane-box]:not([hidden])");
    const button = pane ? find("[data-replay]", pane) : find("[data-replay]");
    if (isOpened || document.body.classList.contains("production")) button?.focus();
    else button?.click();
  };
  let waitsForPlace = 0;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      for (const menu of all("details.menu[open]")) { menu.open = false; find("summary", menu).focus(); return; }
      if (!find("dialog[open]") && closePane()) event.preventDefault();
      return;
    }
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    if (Date.now() - waitsForPlace < 1500) {
      waitsForPlace = 0;
      const link = find(`.sidebar [data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.assign(link.href); }
      return;
    }
    const acts = {
      "/": () => find("[data-search]")?.focus(),
      "?": () => find("#shortcuts")?.showModal(),
      j: () => move(1),
      k: () => move(-1),
      r: runAgain,
      g: () => { waitsForPlace = Date.now(); },
    };
    const act = acts[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-shortcuts]")) find("#shortcuts")?.showModal();
    if (event.target.matches("dialog[open]")) event.target.close();
  });

  // The palette: the pages of the navigation, the environments, what `data-palette` names on the page, and a search.
  const places = () => {
    const groups = [".sidebar a", "#palette [data-palette]", "main [data-palette]", ".environment-menu a", ".topbar [data-palette]"];
    return groups.flatMap((group) => all(group)).map((element) => ({ label: element.dataset.palette || element.textContent.trim().replace(/\s+/g, " "), element }));
  };
  // The places that the list of the palette shows, in its order.
  let listed = [];
  const choose = (item) => {
    const { href, element } = listed[all("#palette-list li").indexOf(item)] ?? {};
    if (!href && !element) return;
    find("#palette").close();
    if (href ?? element.href) location.assign(href ?? element.href);
    else element.click();
  };
  const openPalette = () => {
    const dialog = find("#palette");
    if (!dialog || dialog.open) return;
    const input = find("input", dialog);
    input.value = "";
    listPlaces("");
    dialog.showModal();
  };
  const listPlaces = (text) => {
    const list = find("#palette-list");
    const wanted = text.trim().toLowerCase();
    const found = places().filter((place) => place.label.toLowerCase().includes(wanted)).slice(0, 24);
    if (wanted !== "") found.push({ label: `Search for “${text.trim()}”`, href: `/search?q=${encodeURIComponent(text.trim())}` });
    listed = found;
    list.replaceChildren(...found.map((place, index) => {
      const item = document.createElement("li");
      item.role = "option";
      item.id = `palette-${index}`;
      item.textContent = place.label;
      item.setAttribute("aria-selected", String(index === 0));
      return item;
    }));
    find("#palette input").setAttribute("aria-activedescendant", found.length ? "palette-0" : "");
  };
  find("#palette input")?.addEventListener("input", (event) => listPlaces(event.target.value));
  find("#palette")?.addEventListener("keydown", (event) => {
    const items = all("#palette-list li");
    const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (event.key === "Enter" && items[at]) { event.preventDefault(); choose(items[at]); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || items.length === 0) return;
    event.preventDefault();
    const next = (at + step + items.length) % items.length;
    for (const [index, item] of items.entries()) item.setAttribute("aria-selected", String(index === next));
    items[next].scrollIntoView({ block: "nearest" });
    find("#palette input").setAttribute("aria-activedescendant", items[next].id);
  });
  find("#palette-list")?.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) choose(item);
  });

  for (const element of all("[data-shortcuts]")) element.hidden = false;
  document.documentElement.classList.add("has-script");
  for (const name of ["htmx:after:swap", "inlet:rows"]) document.addEventListener(name, () => { showTimes(); nameBars(); });
  showTimes();
  nameBars();
})();
