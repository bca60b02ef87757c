/* Draws the figures of a report from the JSON beside them, and sets numbers in columns. */
"use strict";

function draw(chart) {
  const figure = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
  const layout = figure.layout || {};
  delete layout.width; // the page decides: the same report is read on a phone
  layout.autosize = true;
  chart.style.minHeight = (layout.height || 440) + "px";
  chart.textContent = "";
  return Plotly.newPlot(chart, {
    data: figure.data || [],
    layout: layout,
    frames: figure.frames || [],
    config: { responsive: true, displaylogo: false, displayModeBar: "hover" },
  });
}

/* A column whose filled cells are all numbers is set to the right, heading included. */
function alignNumbers(table) {
  const rows = Array.from(table.tBodies).flatMap((body) => Array.from(body.rows));
  const number = /^[-+−]?\s*[$€]?\s*[\d.,\u00a0\u202f]*\d\s*%?$/;
  const width = Math.max(0, ...rows.map((row) => row.cells.length));
  for (let column = 0; column < width; column += 1) {
    const cells = rows.map((row) => row.cells[column]).filter((cell) => cell && cell.colSpan === 1);
    const filled = cells.filter((cell) => !["", "NaN", "None", "<NA>", "–"].includes(cell.textContent.trim()));
    if (filled.length && filled.every((cell) => number.test(cell.textContent.trim()))) {
      const heads = table.tHead ? Array.from(table.tHead.rows).map((row) => row.cells[column]) : [];
      cells.concat(heads.filter(Boolean)).forEach((cell) => cell.classList.add("number"));
    }
  }
}

document.querySelectorAll("[data-figure]").forEach(draw);
document.querySelectorAll("main table").forEach(alignNumbers);
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("[data-figure]").forEach((chart) => Plotly.Plots.resize(chart));
});
