// What scripts add to pages that work without them: life, keys, copying, and graphs with a cursor. Nothing here is needed.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);

  // Morph makes one element look like another and keeps what somebody is at: focus, open details, typed text, place.
  function morph(from, to) {
    if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName) { from.replaceWith(to.cloneNode(true)); return; }
    if (from.nodeType !== Node.ELEMENT_NODE) {
      if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue;
      return;
    }
    for (const { name } of [...from.attributes]) {
      if (!to.hasAttribute(name) && !(name === "open" && from.nodeName === "DETAILS")) from.removeAttribute(name);
    }
    for (const { name, value } of [...to.attributes]) {
      if (name === "open" && from.nodeName === "DETAILS") continue; // whoever closed it meant it
      if (from.getAttribute(name) !== value) from.setAttribute(name, value);
    }
    if (from.nodeName === "TEXTAREA" && from.readOnly && from.value !== to.value) from.value = to.value;
    if (from.nodeName === "INPUT" || from.nodeName === "SELECT" || from.nodeName === "TEXTAREA" || from.id === "live") return;
    children(from, to);
  }

  function children(from, to) {
    const keyed = new Map();
    for (const child of from.children) if (child.dataset.key) keyed.set(child.dataset.key, child);
    let at = from.firstChild;
    for (const want of [...to.childNodes]) {
      const key = want.dataset && want.dataset.key;
      let have = key ? keyed.get(key) : at;
      if (!key) while (have && have.dataset && have.dataset.key) have = have.nextSibling;
      if (!have) {
        const made = want.cloneNode(true);
        if (key) made.classList.add("fresh");
        from.insertBefore(made, at);
        continue;
      }
      if (have === at) at = at.nextSibling; else from.insertBefore(have, at);
      morph(have, want);
    }
    while (at) { const next = at.nextSibling; at.remove(); at = next; }
  }

  const keysOf = (root) => [...root.querySelectorAll("[data-key]")].map((e) => e.dataset.key);

  // Something is filled in that was not sent yet.
  const filled = (root) => [...root.querySelectorAll("input,textarea,select")].some((e) =>
    e.nodeName === "SELECT" ? [...e.options].some((o) => o.selected !== o.defaultSelected) && e.selectedIndex > 0 : !e.readOnly && (e.value !== e.defaultValue || e.checked !== e.defaultChecked));

  // Somebody is at a list when they point at it, have the focus in it, or have scrolled into it: then it is not reordered.
  // Nothing is changed beneath a form that is half filled in.
  const away = new Map(); // regions that wait, with what they will be
  function busy(region) {
    if (filled(region)) return true;
    if (!region.hasAttribute("data-list")) return region.contains(document.activeElement) && document.activeElement.matches("input,select,textarea");
    return region.matches(":hover") || region.contains(document.activeElement) || region.getBoundingClientRect().top < 0;
  }

  function parse(html) {
    const t = document.createElement("template");
    t.innerHTML = html;
    offerCopies(t.content);
    return t.content;
  }

  function put(region, content) {
    const shell = region.cloneNode(false);
    shell.append(content.cloneNode(true));
    const pill = region.querySelector(":scope > .pill");
    if (pill) pill.remove();
    away.delete(region);
    children(region, shell);
  }

  // Hold updates rows in their places, and offers the new ones.
  function hold(region, content) {
    const have = new Set(keysOf(region));
    const fresh = keysOf(content).filter((key) => !have.has(key));
    for (const row of content.querySelectorAll("[data-key]")) {
      const old = region.querySelector(`[data-key="${CSS.escape(row.dataset.key)}"]`);
      if (old && !old.contains(document.activeElement) && !filled(old)) morph(old, row.cloneNode(true));
    }
    away.set(region, content);
    let pill = region.querySelector(":scope > .pill");
    const said = region.textContent.replace(pill ? pill.textContent : "", "");
    if (!fresh.length && (region.hasAttribute("data-list") || said === content.textContent)) return;
    if (!pill) {
      pill = document.createElement("button");
      pill.type = "button";
      pill.className = "pill";
      pill.addEventListener("click", () => { const c = away.get(region); pill.remove(); if (c) put(region, c); });
      region.prepend(pill);
    }
    pill.textContent = fresh.length ? `${fresh.length} new` : "It has changed: show it";
  }

  function patch(p) {
    for (const [name, html] of Object.entries(p.regions)) {
      const region = document.querySelector(`[data-region="${CSS.escape(name)}"]`);
      if (!region) continue;
      const content = parse(html);
      const reordered = keysOf(content).join() !== keysOf(region).join();
      if ((reordered || filled(region)) && busy(region)) hold(region, content); else put(region, content);
    }
    const badge = $("badge");
    if (badge) { badge.textContent = p.alerts; badge.hidden = !p.alerts; }
    document.title = document.title.replace(/^\(\d+\) /, "");
    if (p.alerts) document.title = `(${p.alerts}) ${document.title}`;
    seen = p.at;
    revive();
  }
  document.addEventListener("pointerout", () => setTimeout(() => {
    for (const [region, content] of [...away]) if (!busy(region)) put(region, content);
  }, 300));

  // The stream, and what is done without it.
  let source, poll, seen = "", held = false;
  const url = "/events?at=" + encodeURIComponent(location.pathname + location.search);
  function revive() {
    const live = $("live");
    if (!live) return;
    live.hidden = false;
    live.classList.toggle("held", held);
    live.classList.toggle("lost", !held && !!poll);
    $("livetext").textContent = held ? "held since " + seen : poll ? "stale" : "live";
    const button = $("hold");
    button.setAttribute("aria-pressed", held);
    button.onclick = toggle;
    const stale = $("stale");
    stale.hidden = !poll;
    stale.textContent = poll ? `Stale since ${seen}. It looks again every 15 seconds.` : "";
  }
  async function look() {
    try {
      const answer = await fetch(url + "&once=1", { headers: { Accept: "application/json" } });
      if (answer.ok) patch(await answer.json());
    } catch { /* the banner says it */ }
  }
  function open() {
    source = new EventSource(url);
    source.addEventListener("patch", (e) => {
      clearInterval(poll); poll = 0;
      patch(JSON.parse(e.data));
    });
    source.onerror = () => {
      if (held) return;
      if (!poll) poll = setInterval(() => {
        look();
        if (source.readyState === EventSource.CLOSED) open();
      }, 15000);
      revive();
    };
  }
  function toggle() {
    held = !held;
    if (held) { source.close(); clearInterval(poll); poll = 0; } else open();
    revive();
  }
  if (document.body.hasAttribute("data-live") && window.EventSource) {
    const now = new Date();
    seen = String(now.getHours()).padStart(2, "0") + ":" + String(now.getMinutes()).padStart(2, "0");
    open();
    document.addEventListener("visibilitychange", () => {
      if (held) return;
      if (document.hidden) { source.close(); clearInterval(poll); poll = 0; } else if (source.readyState === EventSource.CLOSED) open();
    });
  }

  // Keys.
  let g = 0;
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches("input,select,textarea,[contenteditable]")) {
      if (e.key === "Escape" && e.target.id === "q") e.target.blur();
      return;
    }
    const pages = { o: "/", j: "/jobs", c: "/connections", r: "/runs", a: "/alerts", k: "/keys" };
    if (g && Date.now() - g < 1200 && pages[e.key]) { location.href = pages[e.key]; return; }
    g = e.key === "g" ? Date.now() : 0;
    if (e.key === "/") { e.preventDefault(); $("q").focus(); }
    if (e.key === "?") location.href = "/help";
    if (e.key === "p" && $("live") && source) toggle();
    if (e.key === "Escape") document.querySelectorAll("details.pop[open]").forEach((d) => { d.open = false; });
  });
  document.addEventListener("click", (e) => {
    document.querySelectorAll("details.pop[open]").forEach((d) => { if (!d.contains(e.target)) d.open = false; });
  });

  // A form is sent once, and says what it waits for.
  document.addEventListener("submit", (e) => {
    const button = e.submitter;
    if (e.target.method !== "post" || !button) return;
    setTimeout(() => {
      button.disabled = true;
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    });
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("button[disabled]").forEach((b) => { b.disabled = false; }));

  // Copying: a button behind whatever may be copied, also where it comes later.
  function offerCopies(root) {
    if (!navigator.clipboard) return;
    for (const el of root.querySelectorAll("textarea[data-copy], code[data-copy]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.copies = "";
      button.className = el.nodeName === "CODE" ? "plain" : "btn copy";
      button.innerHTML = '<svg class="icon" aria-hidden="true"><use href="#i-copy"/></svg>';
      button.append(el.nodeName === "CODE" ? "" : "Copy");
      button.setAttribute("aria-label", "Copy");
      el.after(button);
    }
  }
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("button[data-copies]");
    if (!button) return;
    const el = button.previousElementSibling;
    await navigator.clipboard.writeText(el.dataset.copy || el.value);
    button.setAttribute("aria-label", "Copied");
    button.classList.add("good");
  });
  offerCopies(document);

  // Graphs.
  const sizeOf = (n) => {
    for (const unit of ["B", "KiB", "MiB", "GiB"]) {
      if (n < 1024) return (unit === "B" ? n : n.toFixed(1)) + " " + unit;
      n /= 1024;
    }
    return n.toFixed(1) + " TiB";
  };
  function draw(box) {
    const d = JSON.parse(box.dataset.plot), css = getComputedStyle(document.documentElement);
    const colour = (tone) => css.getPropertyValue("--" + tone).trim();
    const days = d.days.map((day) => Date.parse(day + "T00:00:00Z") / 1000);
    const rows = d.series.map((s) => s.at.slice());
    const shown = d.kind === "bars" ? rows.map((_, i) => days.map((_, x) => rows.slice(0, i + 1).reduce((sum, r) => sum + r[x], 0))) : rows;
    const value = (n) => d.unit === "bytes" ? sizeOf(n) : n.toLocaleString("en");
    const series = d.series.map((s, i) => {
      const one = { label: s.label, stroke: colour(s.tone === "line" ? "down" : s.tone), value: (_, v, __, x) => x == null ? "–" : value(rows[i][x]), points: { show: false } };
      if (d.kind === "bars") Object.assign(one, { fill: colour(s.tone), width: 0, paths: uPlot.paths.bars({ size: [0.76, 40] }) });
      else if (s.tone === "bad") Object.assign(one, { width: 0, paths: () => null, points: { show: true, size: 7, fill: colour("bad"), filter: (_, i2) => rows[i].flatMap((n, x) => n > 0 ? [x] : []) } });
      else Object.assign(one, { width: 2, fill: s.tone === "line" ? undefined : colour(s.tone) + "26" });
      return one;
    });
    const order = d.kind === "bars" ? series.map((_, i) => series.length - 1 - i) : series.map((_, i) => i);
    const axis = { stroke: colour("dim"), font: "12px system-ui", grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
    const plot = new uPlot({
      width: box.clientWidth, height: box.clientHeight + 16, tzDate: (t) => uPlot.tzDate(new Date(t * 1000), "UTC"), padding: [8, 4, 0, 0],
      cursor: { y: false, points: { show: false } }, legend: { live: true },
      scales: { x: { range: (_, lo, hi) => d.kind === "bars" ? [lo - 43200, hi + 43200] : [lo, hi] }, y: { range: (_, lo, hi) => [0, Math.max(1, hi) * 1.05] } },
      axes: [{ ...axis, size: 28, grid: { show: false }, space: 60, values: (_, ticks) => ticks.map((t) => new Date(t * 1000).toISOString().slice(8, 10) + "." + new Date(t * 1000).toISOString().slice(5, 7) + ".") },
        { ...axis, size: 66, space: 28, incrs: d.unit === "bytes" ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512].flatMap((n) => [n, n * 1024, n * 1048576, n * 1073741824, n * 1099511627776]).sort((a, b) => a - b) : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6], values: (_, ticks) => ticks.map(value) }],
      series: [{ label: "day", value: (_, t) => t == null ? "–" : new Date(t * 1000).toISOString().slice(0, 10) }, ...order.map((i) => series[i])],
    }, [days, ...order.map((i) => shown[i])], box);
    box.classList.add("drawn");
    const legend = box.parentElement.querySelector(":scope > .legend");
    if (legend) legend.hidden = true;
    return plot;
  }
  if (window.uPlot && matchMedia("(min-width: 46.01rem)").matches) {
    const boxes = [...document.querySelectorAll("[data-plot]")];
    let plots = boxes.map(draw);
    addEventListener("resize", () => plots.forEach((p, i) => p.setSize({ width: boxes[i].clientWidth, height: p.height })));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      plots.forEach((p) => p.destroy());
      plots = boxes.map(draw);
    });
  }

  // The strip begins where now is.
  const nowCell = document.querySelector(".strip td.now");
  if (nowCell) {
    const box = nowCell.closest(".scroll"), head = nowCell.closest("tr").querySelector("th").offsetWidth;
    const wanted = nowCell.offsetLeft - box.clientWidth * 0.6;
    const first = [...nowCell.parentElement.children].find((c) => c.nodeName === "TD" && c.offsetLeft - head >= wanted);
    if (wanted > 0 && first) box.scrollLeft = first.offsetLeft - head;
  }
})();
