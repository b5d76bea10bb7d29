// A few series over time as one SVG: each a panel with its own scale.

const [width, panel, margin] = [900, 130, { left: 80, right: 20, top: 24, bottom: 24 }];

const escape = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;" })[c]);
const round = (value) => Number(value.toPrecision(4)).toString();

/** `series`: [{name, unit, points: [[seconds, value]]}]; `marks`: [[seconds, text]], drawn through all panels. */
export function plot(title, series, marks = []) {
  const last = Math.max(1, ...series.flatMap(({ points }) => points.map(([at]) => at)));
  const x = (at) => margin.left + (width - margin.left - margin.right) * at / last;
  const height = margin.top * 2 + series.length * panel;
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${margin.left}" y="18" font-size="14">${escape(title)}</text>`,
  ];
  series.forEach(({ name, unit, points }, index) => {
    const top = margin.top * 2 + index * panel;
    const bottom = top + panel - margin.bottom - 16;
    const most = Math.max(1e-9, ...points.map(([, value]) => value)) * 1.1;
    const y = (value) => bottom - (bottom - top) * value / most;
    out.push(`<text x="${margin.left}" y="${top - 6}" fill="#333">${escape(name)}</text>`);
    out.push(`<line x1="${margin.left}" y1="${bottom}" x2="${width - margin.right}" y2="${bottom}" stroke="#999"/>`);
    for (const share of [0, 0.5, 1])
      out.push(`<text x="${margin.left - 6}" y="${y(most / 1.1 * share) + 4}" text-anchor="end" fill="#666">` +
        `${round(most / 1.1 * share)} ${escape(unit)}</text>`);
    for (const [at] of marks)
      out.push(`<line x1="${x(at)}" y1="${top}" x2="${x(at)}" y2="${bottom}" stroke="#d66" stroke-dasharray="3 3"/>`);
    if (points.length > 0)
      out.push(`<polyline fill="none" stroke="#246" stroke-width="1.5" points="${
        points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"/>`);
  });
  for (const [at, text] of marks)
    out.push(`<text x="${x(at) + 3}" y="${height - 6}" fill="#d66">${escape(text)}</text>`);
  out.push(`<text x="${width - margin.right}" y="${height - 6}" text-anchor="end" fill="#666">${round(last / 60)} minutes</text>`, "</svg>", "");
  return out.join("\n");
}

/** Least squares: the slope of [[x, y]]. */
export function slope(points) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean(([at]) => at), mean(([, value]) => value)];
  const spread = points.reduce((sum, [at]) => sum + (at - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [at, value]) => sum + (at - x) * (value - y), 0) / spread;
}
