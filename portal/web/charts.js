// SPDX-License-Identifier: Apache-2.0
// Draws the charts of the job page again on canvas: one request for all series of the job, then a
// chart for each figure that the server made, when it comes into view.

import { show, showTick } from './units.js';

const HEIGHT = 190;
const GAP_STEPS = 2.5; // as in portal/series.c

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const zone = document.querySelector('#charts[data-zone]')?.dataset.zone ?? 'UTC';
const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
const span = { // of the job
  begin: Number(document.querySelector('#charts')?.dataset.begin ?? 0),
  end: Number(document.querySelector('#charts')?.dataset.end ?? 1),
};
const stamp = (t) => clock.format(new Date(t * 1000)); // 2026-11-18 01:02:03
const palette = () => Array.from({ length: 8 }, (_, i) => css(`--series-${i + 1}`));

// A point without value between two that lie too far apart, so that no line crosses the gap.
function withGaps(series, columns) {
  const times = [];
  const out = columns.map(() => []);
  series.times.forEach((t, i) => {
    if (i > 0 && series.step > 0 && t - series.times[i - 1] > GAP_STEPS * series.step) {
      times.push(series.times[i - 1] + series.step);
      out.forEach((column) => column.push(null));
    }
    times.push(t);
    out.forEach((column, k) => column.push(columns[k][i]));
  });
  return [times, ...out];
}

// What is drawn: a line a host, or lowest, mean and highest of many hosts.
function linesOf(series, hosts) {
  if (series.band) {
    const { low, mean, high } = series.band;
    return { names: ['lowest', 'mean', 'highest'], columns: [low, mean, high], isBand: true };
  }
  return {
    names: series.lines.map((line) => hosts[line.host]),
    columns: series.lines.map((line) => line.all),
    isBand: false,
  };
}

function styleOf(lines, kind) {
  const colours = palette();
  if (lines.isBand) {
    const [accent] = colours;
    return lines.names.map((label, i) => ({
      label, stroke: i === 1 ? accent : 'transparent', width: i === 1 ? 2 : 0, points: { show: false },
    }));
  }
  const single = lines.names.length === 1;
  return lines.names.map((label, i) => ({
    label,
    stroke: colours[i % colours.length],
    fill: single && kind === 'area' ? css('--band') : undefined,
    width: lines.names.length > 16 ? 1 : 1.5,
    dash: i >= colours.length ? [6, 2 + Math.floor(i / colours.length)] : undefined,
    points: { show: true, size: 5, filter: loneOnes },
    spanGaps: false,
  }));
}

// A value without neighbours makes no line: those are shown as dots.
function loneOnes(u, k) {
  const column = u.data[k];
  const has = (i) => column[i] !== null && column[i] !== undefined;
  return column.flatMap((_, i) => (has(i) && !has(i - 1) && !has(i + 1) ? [i] : []));
}

// 24-hour clock; the date below the first tick and at each new day.
function timeTicks(_, splits, axis, space, step) {
  let day = '';
  return splits.map((t) => {
    const [date, clock] = stamp(t).split(' ');
    const text = step >= 86400 ? date.slice(5) : clock.slice(0, step < 60 ? 8 : 5);
    if (date === day || step >= 86400) return text;
    day = date;
    return `${text}\n${date.slice(5)}`;
  });
}

function axes(unit) {
  const common = {
    stroke: css('--ink-soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: css('--line'), width: 1 },
    ticks: { show: false },
  };
  return [
    { ...common, space: 60, size: 36, values: timeTicks },
    {
      ...common,
      size: (_, values) => 14 + 6.5 * Math.max(4, ...(values ?? []).map((v) => v.length)),
      space: 32,
      values: (_, splits) => splits.map((v) => showTick(v, unit)),
    },
  ];
}

function makeTip(plot) {
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  plot.append(tip);
  return tip;
}

// The hosts nearest to the pointer first; a tip with 64 lines helps nobody.
function fillTip(u, tip, unit, isBand) {
  const { idx, left, top } = u.cursor;
  tip.hidden = idx === null || idx === undefined || left < 0;
  if (tip.hidden) return;
  const near = u.series.slice(1)
    .map((s, i) => ({ s, v: u.data[i + 1][idx], colour: s.stroke?.(u, i + 1) }))
    .filter(({ s, v }) => s.show && v !== null && v !== undefined);
  if (!isBand) near.sort((a, b) => Math.abs(u.valToPos(a.v, 'y') - top) - Math.abs(u.valToPos(b.v, 'y') - top));
  const time = document.createElement('time');
  time.textContent = stamp(u.data[0][idx]);
  tip.replaceChildren(time, ...near.slice(0, 6).map(({ s, v, colour }) => {
    const row = document.createElement('div');
    const mark = document.createElement('i');
    const value = document.createElement('b');
    mark.style.background = colour === 'transparent' ? css('--band') : colour;
    value.textContent = show(v, unit);
    row.append(mark, s.label, value);
    return row;
  }));
  if (near.length === 0) tip.append(Object.assign(document.createElement('div'), { textContent: 'not measured' }));
  if (near.length > 6) tip.append(`and ${near.length - 6} more`);
  const x = u.over.offsetLeft + left;
  tip.style.left = `${x + 14 + tip.offsetWidth > u.width ? x - tip.offsetWidth - 14 : x + 14}px`;
  tip.style.top = `${Math.max(0, u.over.offsetTop + top - tip.offsetHeight / 2)}px`;
}

function makeLegend(figure, chart) {
  const legend = document.createElement('div');
  legend.className = 'chart-legend';
  chart.series.slice(1).forEach((s, i) => {
    const button = document.createElement('button');
    const mark = document.createElement('i');
    const colour = s.stroke?.(chart, i + 1);
    button.type = 'button';
    button.setAttribute('aria-pressed', 'true');
    mark.style.background = colour === 'transparent' ? css('--band') : colour;
    button.append(mark, s.label);
    button.addEventListener('click', () => {
      chart.setSeries(i + 1, { show: !chart.series[i + 1].show });
      button.setAttribute('aria-pressed', String(chart.series[i + 1].show));
    });
    legend.append(button);
  });
  figure.querySelector('.plot').after(legend);
  return legend;
}

function savePng(figure, chart) {
  const source = chart.ctx.canvas;
  const copy = document.createElement('canvas');
  const title = 26 * devicePixelRatio;
  copy.width = source.width;
  copy.height = source.height + title;
  const ctx = copy.getContext('2d');
  ctx.fillStyle = css('--paper');
  ctx.fillRect(0, 0, copy.width, copy.height);
  ctx.fillStyle = css('--ink');
  ctx.font = `600 ${13 * devicePixelRatio}px system-ui, sans-serif`;
  const job = document.querySelector('.job-id').textContent;
  ctx.fillText(`${figure.querySelector('h4').textContent} · job ${job}`, 8 * devicePixelRatio, title * 0.7);
  ctx.drawImage(source, 0, title);
  copy.toBlob((blob) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `job-${job}-${figure.dataset.series}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
}

function draw(figure, series, hosts) {
  const plot = figure.querySelector('.plot');
  const { unit, kind } = figure.dataset;
  const lines = linesOf(series, hosts);
  plot.replaceChildren();
  const tip = makeTip(plot);
  const options = {
    width: plot.clientWidth,
    height: HEIGHT,
    padding: [8, 10, 0, 0],
    tzDate: (t) => uPlot.tzDate(new Date(t * 1000), zone),
    legend: { show: false },
    cursor: { sync: { key: 'job' }, y: false, points: { size: 6 }, drag: { x: true, y: false } },
    scales: {
      // one point alone would have a scale of its own making, of years
      x: { range: (_, from, to) => (from < to ? [from, to] : [span.begin, span.end]) },
      y: { range: (_, low, high) => [Math.min(0, low ?? 0), high > 0 ? high * 1.06 : 1] },
    },
    axes: axes(unit),
    series: [{}, ...styleOf(lines, kind)],
    bands: lines.isBand ? [{ series: [3, 1], fill: css('--band') }] : undefined,
    hooks: { setCursor: [(u) => fillTip(u, tip, unit, lines.isBand)] },
  };
  const chart = new uPlot(options, withGaps(series, lines.columns), plot);
  chart.root.setAttribute('role', 'img');
  chart.root.setAttribute('aria-label', `${figure.querySelector('h4').textContent}, chart; a table follows`);
  return chart;
}

function enhance(figure, series, hosts) {
  let chart = draw(figure, series, hosts);
  let legend = makeLegend(figure, chart);
  const png = figure.querySelector('.png');
  png.hidden = false;
  png.addEventListener('click', () => savePng(figure, chart));
  const plot = figure.querySelector('.plot');
  new ResizeObserver(() => {
    if (plot.clientWidth > 0 && plot.clientWidth !== chart.width) chart.setSize({ width: plot.clientWidth, height: HEIGHT });
  }).observe(plot);
  document.addEventListener('themechange', () => {
    chart.destroy();
    legend.remove();
    chart = draw(figure, series, hosts);
    legend = makeLegend(figure, chart);
  });
  figure.dataset.drawn = 'yes';
}

export async function drawCharts() {
  const section = document.querySelector('#charts[data-source]');
  const figures = [...document.querySelectorAll('figure[data-series]')];
  if (!section || figures.length === 0 || typeof uPlot === 'undefined') return;
  const answer = await fetch(section.dataset.source, { headers: { Accept: 'application/json' } });
  if (!answer.ok) return; // the drawings of the server stay
  const { hosts, series } = await answer.json();
  const byKey = new Map(series.map((s) => [s.key, s]));
  const inView = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      const found = byKey.get(target.dataset.series);
      if (!isIntersecting || !found) continue;
      inView.unobserve(target);
      enhance(target, found, hosts);
    }
  }, { rootMargin: '400px' });
  figures.forEach((figure) => inView.observe(figure));
}
