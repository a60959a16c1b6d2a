// SPDX-License-Identifier: Apache-2.0
// The portal's pages in headless Chromium: values in the DOM, charts on canvas, keys, themes, narrow
// screens, accessibility, and the same without scripts. node pages.mjs URL; prints TAP.

import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const url = process.argv[2];
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
});

let count = 0;
let failed = 0;

function check(what, isGood, detail = '') {
  count++;
  if (!isGood) failed++;
  console.log(`${isGood ? 'ok' : 'not ok'} ${count} - ${what}`);
  if (!isGood && detail !== '') console.log(`# ${String(detail).replaceAll('\n', '\n# ')}`);
}

function same(what, actual, expected) {
  check(what, actual === expected, `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

// Opens a page, and afterwards checks that it was quiet and asked nobody but the portal.
async function visit(name, path, options, test) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const noise = [];
  const strangers = [];
  page.on('console', (message) => noise.push(message.text()));
  page.on('pageerror', (error) => noise.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) strangers.push(request.url());
  });
  try {
    // the network may be quiet before a page is read to its end, where others want the processor
    await page.goto(url + path, { waitUntil: 'load' });
    await page.waitForLoadState('networkidle');
    await test(page);
  } catch (error) {
    check(`${name}: ran`, false, error.stack);
  }
  same(`${name}: quiet console`, noise.join('\n'), '');
  same(`${name}: no other origin`, strangers.join('\n'), '');
  await context.close();
}

const overflow = (page) => page.evaluate(() =>
  document.documentElement.scrollWidth - document.documentElement.clientWidth);

// Rules of WCAG 2.2 A and AA and axe's best practices; contrast among them.
async function checkAccess(name, page) {
  const source = fs.readFileSync(axePath, 'utf8');
  await page.evaluate(source); // through the debugger: the policy of the page forbids it otherwise
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  same(`${name}: accessible`, violations.map((v) =>
    `${v.id} (${v.nodes.length}): ${v.nodes[0].html.slice(0, 160)} ${v.nodes[0].failureSummary}`).join('\n'), '');
}

// Does anything but the ground stand on the canvas?
const inkOf = (page, key) => page.evaluate((k) => {
  const canvas = document.querySelector(`figure[data-series="${k}"] canvas`);
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let ink = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) ink++;
  return ink / (data.length / 4);
}, key);

async function drawAll(page) {
  const figures = page.locator('figure[data-series]');
  for (let i = 0; i < await figures.count(); i++) {
    await figures.nth(i).scrollIntoViewIfNeeded();
    await figures.nth(i).locator('canvas').waitFor();
  }
}

await visit('list', 'jobs', {}, async (page) => {
  same('list: rows of a page', await page.locator('table.jobs tbody tr').count(), 50);
  same('list: a value', await page.locator('tr', { hasText: 'relax' }).first()
    .locator('data[data-metric="cpu.user"]').getAttribute('value'), '0.4321234');
  await page.keyboard.press('/');
  same('list: / searches', await page.evaluate(() => document.activeElement.id), 'search');
  await page.keyboard.type('relax');
  await page.keyboard.press('Enter');
  await page.waitForURL(/text=relax/);
  check('list: found', (await page.locator('th.job .name').allTextContents()).every((t) => t.includes('relax')));
  await page.goto(`${url}jobs`);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  same('list: j walks', await page.evaluate(() => document.activeElement.textContent), '1001');
  await page.keyboard.press('Enter');
  await page.waitForURL(/jobs\/alpha\/1001/);
  await page.goto(`${url}jobs`);
  await page.getByRole('link', { name: 'Next →' }).click();
  await page.getByRole('link', { name: '← Previous' }).click();
  same('list: next and previous', await page.locator('th.job a').first().textContent(), '1004');
  await page.getByLabel('State').selectOption('OUT_OF_MEMORY');
  await page.getByRole('button', { name: 'Filter' }).click();
  same('list: filtered', await page.locator('th.job a').allTextContents().then(String), '1000_7');
  same('list: strange name', await page.locator('th.job .name').textContent(), 'array "task" & co');
  await checkAccess('list', page);
});

await visit('job', 'jobs/alpha/1001', {}, async (page) => {
  const value = page.locator('#summary data.value[data-metric="cpu.user"]');
  same('job: exact value', await value.getAttribute('value'), '0.4321234');
  same('job: value for people', (await value.textContent()).replace(/\s+/g, ' '), '43.2 %');
  same('job: why not', await page.locator('.absent[data-metric="energy.cpu"]').textContent(),
    'not measured: too few samples');
  await drawAll(page);
  const keys = await page.locator('figure[data-series]').evaluateAll((all) => all.map((f) => f.dataset.series));
  check('job: charts', keys.length >= 10, keys);
  for (const key of keys) check(`job: ink on ${key}`, (await inkOf(page, key)) > 0.005);
  same('job: lines of a chart', await page.locator('figure[data-series="cpuuser"] .chart-legend button')
    .allTextContents().then(String), 'cn001,cn002,cn003,cn004');
  const figure = page.locator('figure[data-series="cpuuser"]');
  await figure.scrollIntoViewIfNeeded();
  await figure.locator('.u-over').hover();
  check('job: tip', /20\d\d-\d\d-\d\d \d\d:\d\d:\d\d.*cn00\d.*%/s.test(await figure.locator('.tip').textContent()));
  await figure.locator('.chart-legend button').first().click();
  same('job: a line hidden', await figure.locator('.chart-legend button').first().getAttribute('aria-pressed'), 'false');
  const [download] = await Promise.all([page.waitForEvent('download'), figure.locator('.png').click()]);
  same('job: PNG', download.suggestedFilename(), 'job-1001-cpuuser.png');
  await figure.locator('.table summary').click();
  same('job: table of the chart', await figure.locator('.table tbody tr').count(), 4);
  await checkAccess('job', page);
});

// The script and the program write numbers alike: test_html.c reads the same table.
await visit('units', 'jobs', {}, async (page) => {
  const table = fs.readFileSync(new URL('units.tsv', import.meta.url), 'utf8').trimEnd().split('\n')
    .map((line) => line.split('\t'));
  const shown = await page.evaluate(async (rows) => {
    const { show } = await import(document.querySelector('script[type="module"]').src.replace('portal.js', 'units.js'));
    return rows.map(([value, unit]) => show(Number(value), unit));
  }, table);
  same('units: as in the table', shown.join('\n'), table.map(([, , text]) => text).join('\n'));
});

await visit('many hosts', 'jobs/alpha/1005', {}, async (page) => {
  await drawAll(page);
  same('many hosts: a band', await page.locator('figure[data-series="cpuuser"] .chart-legend button')
    .allTextContents().then(String), 'lowest,mean,highest');
  check('many hosts: ink', (await inkOf(page, 'cpuuser')) > 0.2);
});

await visit('dark', 'jobs/alpha/1003', { colorScheme: 'dark' }, async (page) => {
  await drawAll(page);
  await checkAccess('dark', page);
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  const theme = page.locator('#theme');
  await theme.click();
  check('dark: light by choice', (await ground()) !== dark);
  await page.reload();
  check('dark: choice is kept', (await ground()) !== dark);
  await theme.click();
  same('dark: dark by choice', await ground(), dark);
});

await visit('dark list', 'jobs', { colorScheme: 'dark' }, (page) => checkAccess('dark list', page));

for (const path of ['jobs', 'jobs/alpha/1001', 'jobs/alpha/1003', 'jobs/alpha/1002']) {
  await visit(`narrow ${path}`, path, { viewport: { width: 390, height: 844 } }, async (page) => {
    await drawAll(page);
    same(`narrow ${path}: no sideways scrolling`, await overflow(page), 0);
    await checkAccess(`narrow ${path}`, page);
  });
}

// Figures: what is drawn, the way from a name to its filter, and the numbers below.
const figure = 'explore?realm=Jobs&statistic=total_cpu_hours&by=queue&unit=day&since=2026-11-01&until=2026-11-20';
await visit('explore', figure, {}, async (page) => {
  same('explore: heading', await page.locator('.figure h2').textContent(), 'Core hours by partition');
  check('explore: columns', (await page.locator('.figure-plot rect').count()) >= 10);
  check('explore: short ticks', (await page.locator('.figure-values span').allTextContents()).every((t) => !/\.\d*0\b/.test(t)));
  same('explore: legend', await page.locator('.figure-legend li').allTextContents().then((t) => t.sort().join()), 'cpu,gpu');
  check('explore: columns are inside', await page.locator('.figure-plot rect').evaluateAll((all) => all.every((r) =>
    r.y.baseVal.value >= -0.01 && r.y.baseVal.value + r.height.baseVal.value <= 260.01)));
  const shown = await page.locator('.figure-table tfoot data').evaluateAll((all) => all.map((d) => Number(d.value)));
  const answer = await (await page.request.get(url + figure.replace('explore', 'api/figure'))).json();
  const sum = answer.rows.reduce((s, r) => s + r.value, 0);
  check('explore: the table adds up', Math.abs(shown.reduce((s, v) => s + v, 0) - sum) < 1e-6 * sum, `${shown} ${sum}`);
  await checkAccess('explore', page);
  await page.getByRole('link', { name: 'gpu', exact: true }).click();
  await page.waitForURL(/only=gpu/);
  same('explore: filtered', await page.locator('.chip').textContent(), 'Partition: gpu×');
  await page.getByRole('link', { name: 'Take the filter off' }).click();
  same('explore: filter off', await page.locator('.chip').count(), 0);
  await page.locator('select[name="realm"]').selectOption('Energy');
  await page.waitForURL(/realm=Energy/);
  check('explore: the area brings its figures', (await page.locator('select[name="statistic"] option').allTextContents())
    .includes('Energy of nodes'));
  await page.locator('select[name="unit"]').selectOption('total');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL(/unit=total/);
  await checkAccess('explore, total', page);
});

for (const path of [figure, 'explore?realm=SUPREMM&statistic=avg_percent_cpu_user&by=queue&unit=day&since=2026-11-10&until=2026-11-20',
  'efficiency', 'energy', 'availability', 'quality']) {
  const name = path.split('?')[0];
  await visit(`narrow ${name}`, path, { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }, async (page) => {
    same(`narrow ${name}: no sideways scrolling`, await overflow(page), 0);
    await checkAccess(`narrow ${name}, dark`, page);
  });
  await visit(name, path, {}, async (page) => {
    check(`${name}: a heading`, (await page.locator('h1').count()) === 1);
    same(`${name}: marked in the menu`, await page.locator('nav[aria-label="Main"] a[aria-current]').getAttribute('href'), `/${name}`);
    await checkAccess(name, page);
  });
}
await visit('efficiency', 'efficiency?months=60', {}, async (page) => {
  check('efficiency: panels', (await page.locator('.panel').count()) === 6);
  check('efficiency: one line is named, too', await page.locator('.panel:has(.figure-plot)').evaluateAll((all) =>
    all.every((p) => p.querySelectorAll('.figure-legend li').length >= 1)));
  check('efficiency: bars', (await page.locator('.figure-bars svg.share').count()) >= 5);
});
await visit('quality', 'quality', {}, async (page) => {
  same('quality: a code', await page.locator('.code h3').first().textContent(), 'E_J0007');
  same('quality: put aside', await page.locator('#quarantine tbody tr').count(), 2);
});

await visit('error', 'health', {}, async (page) => {
  const answer = await page.request.get(`${url}jobs/alpha/424242`);
  same('error: 404', answer.status(), 404);
});

await visit('no scripts', 'jobs/alpha/1001', { javaScriptEnabled: false }, async (page) => {
  check('no scripts: drawings', (await page.locator('svg.spark').count()) >= 10);
  same('no scripts: a gap is open', (await page.locator('figure[data-series="cpuuser"] .spark-line')
    .getAttribute('d')).includes('nan'), false);
  same('no scripts: value', await page.locator('#summary data.value[data-metric="cpu.user"]')
    .getAttribute('value'), '0.4321234');
  check('no scripts: hosts', (await page.locator('#hosts tbody tr').count()) === 4);
});

await browser.close();
console.log(`1..${count}`);
process.exit(failed ? 1 : 0);
