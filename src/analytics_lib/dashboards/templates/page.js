/* Draws the figures of a page as they arrive, in its colours; keeps a page that refreshes up to date. */
"use strict";

(() => {
  const root = document.documentElement;
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const isDark = () => !paper.matches && (root.dataset.theme ? root.dataset.theme === "dark" : scheme.matches);
  const style = (name) => {
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  /* Figures: the notebook's own, with the colours of a dark page in place of those of a light one. */
  const NARROW = 370;
  const GROUNDS = new Set(["paper_bgcolor", "plot_bgcolor"]);

  function recoloured(value, colours, key) {
    if (typeof value === "string") {
      if (GROUNDS.has(key)) return "rgba(0,0,0,0)";
      if (colours && Object.hasOwn(colours, value)) return colours[value];
      return colours && value.includes("color:") ? value.replace(/#[0-9a-fA-F]{3,6}\b/g, (found) => colours[found] ?? found) : value;
    }
    if (Array.isArray(value)) return value.map((item) => recoloured(item, colours, key));
    if (value === null || typeof value !== "object") return value;
    // What is written inside a mark stands on the mark, whose colour stays.
    const kept = key === "insidetextfont" ? null : colours;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, recoloured(item, kept, name)]));
  }

  function figureOf(chart) {
    const figure = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
    const colours = isDark() ? JSON.parse(chart.dataset.dark || "{}") : null;
    const layout = recoloured(figure.layout || {}, colours, "layout");
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    delete layout.width; // the grid decides: the same page is read on a phone
    layout.autosize = true;
    layout.uirevision = "kept"; // what a reader zoomed or hid stays so when numbers change
    if (chart.clientWidth < NARROW && layout.title) {
      layout.title.font = { ...layout.title.font, size: 14 };
      if (layout.title.text) layout.title.text = layout.title.text.replaceAll("font-size:13px", "font-size:12px");
    }
    if (colours) {
      layout.font = { ...layout.font, color: style("--ink") };
      layout.hoverlabel = { ...layout.hoverlabel, bgcolor: style("--wash"), bordercolor: style("--line"),
        font: { ...(layout.hoverlabel || {}).font, color: style("--ink") } };
    }
    return { data: recoloured(figure.data || [], colours, "data"), layout, frames: figure.frames || [],
      config: { responsive: true, displaylogo: false, displayModeBar: false } };
  }

  function draw(chart) {
    const figure = figureOf(chart);
    if (chart.dataset.drawn) return Plotly.react(chart, figure);
    chart.textContent = "";
    chart.dataset.drawn = "yes";
    return Plotly.newPlot(chart, figure);
  }

  const charts = () => document.querySelectorAll("[data-figure]");

  function drawNew() {
    if (!window.Plotly) return;
    document.querySelectorAll("[data-figure]:not([data-drawn])").forEach(draw);
  }

  function redraw() {
    if (window.Plotly) charts().forEach(draw);
  }

  /* The button between light and dark. */
  function offerTheme() {
    const button = document.querySelector("button.theme");
    if (!button || !button.hidden) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      try { localStorage.setItem("theme", root.dataset.theme); } catch { /* then for this page only */ }
      redraw();
    });
  }

  /* The form: an address holds only what differs from the page itself; a live page follows its selects. */
  function tendForm() {
    const form = document.querySelector("form.controls");
    if (!form || form.dataset.tended) return;
    form.dataset.tended = "yes";
    form.addEventListener("submit", () => {
      const fields = Array.from(form.elements).filter((field) => field.dataset.default !== undefined);
      const usual = fields.filter((field) => field.value === field.dataset.default);
      usual.forEach((field) => { field.disabled = true; });
      setTimeout(() => usual.forEach((field) => { field.disabled = false; }), 0);
    });
    if (root.dataset.state === "live") {
      form.addEventListener("change", (event) => { if (event.target.tagName === "SELECT") form.requestSubmit(); });
    }
  }

  /* Refreshing: the card takes on what is new, node by node, so that nothing flickers and focus stays. */
  function become(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh.cloneNode(true));
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
      return;
    }
    const own = new Set(old.hasAttribute("data-figure") ? ["class", "style", "data-drawn"] : ["open"]);
    for (const { name } of Array.from(old.attributes)) {
      if (!fresh.hasAttribute(name) && !own.has(name)) old.removeAttribute(name);
    }
    for (const { name, value } of fresh.attributes) {
      if (!own.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    if (old.hasAttribute("data-figure")) return;
    const before = Array.from(old.childNodes), after = Array.from(fresh.childNodes);
    after.forEach((node, at) => (at < before.length ? become(before[at], node) : old.append(node.cloneNode(true))));
    before.slice(after.length).forEach((node) => node.remove());
  }

  const told = new Map();

  function refreshBlock(name, html) {
    const card = document.getElementById(`block-${name}`);
    if (!card || told.get(name) === html) return;
    told.set(name, html);
    const before = new Map(Array.from(card.querySelectorAll("script"), (one) => [one.id, one.textContent]));
    const fresh = card.cloneNode(false);
    // Parsed apart from the page: nothing in it runs or loads.
    fresh.append("\n", ...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    become(card, fresh);
    card.querySelectorAll("[data-figure]").forEach((chart) => {
      const script = document.getElementById(chart.dataset.figure);
      if (window.Plotly && script && before.get(script.id) !== script.textContent) draw(chart);
    });
  }

  function keepFresh() {
    const main = document.querySelector("main[data-tick]");
    const age = document.getElementById("age"), stale = document.getElementById("stale");
    if (!main || main.dataset.kept || !document.getElementById("end")) return;
    main.dataset.kept = "yes";
    const usual = 1000 * Number(main.dataset.seconds);
    let last = Date.now(), wait = usual, due = Date.now() + usual, asking = false;

    async function ask() {
      asking = true;
      try {
        const answer = await fetch(main.dataset.tick, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(20000) });
        if (!answer.ok) throw new Error(String(answer.status));
        const { blocks } = await answer.json();
        Object.entries(blocks).forEach(([name, html]) => refreshBlock(name, html));
        last = Date.now();
        wait = usual;
        stale.hidden = true;
      } catch {
        wait = Math.min(2 * wait, 60000);
        stale.hidden = false;
      }
      due = Date.now() + wait;
      asking = false;
    }

    setInterval(() => {
      if (age) age.textContent = document.hidden ? age.dataset.paused
        : age.dataset.updated.replace("{n}", String(Math.round((Date.now() - last) / 1000)));
      if (!document.hidden && !asking && Date.now() >= due) ask();
    }, 1000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) due = Math.min(due, Date.now()); });
  }

  function look() {
    offerTheme();
    tendForm();
    drawNew();
    keepFresh();
    if (document.readyState !== "loading" && (window.Plotly || !charts().length)) arriving.disconnect();
  }

  /* Cards of a live page come one after another, and each is drawn when it is there. */
  const arriving = new MutationObserver(look);
  arriving.observe(root, { childList: true, subtree: true });
  // Reading plotly.js takes a quarter of a second: the page is painted first.
  const fetchPlotly = () => {
    const plotly = document.createElement("script");
    plotly.src = "/assets/plotly.min.js";
    plotly.addEventListener("load", look);
    document.head.append(plotly);
  };
  requestAnimationFrame(() => setTimeout(fetchPlotly));
  document.addEventListener("DOMContentLoaded", look);
  scheme.addEventListener("change", redraw);
  paper.addEventListener("change", redraw);
  look();
})();
