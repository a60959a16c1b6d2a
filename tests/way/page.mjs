// SPDX-License-Identifier: Apache-2.0
// node page.mjs URL METRIC SERIES: opens a job's page in headless Chromium, waits until the chart of
// the series is drawn, and prints the total of the metric as the page's DOM holds it.

import { chromium } from 'playwright-core';

const [url, metric, series] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
page.setDefaultTimeout(60000);
await page.goto(url);
const value = page.locator(`data[data-metric="${metric}"][data-statistic="total"]`).first();
const shown = await value.getAttribute('value');
const figure = page.locator(`figure[data-series="${series}"]`);
await figure.scrollIntoViewIfNeeded();
const canvas = figure.locator('canvas').first();
await canvas.waitFor({ state: 'visible' });
// a canvas without a line is all of one colour
await page.waitForFunction((c) => {
  const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
  return new Set(new Uint32Array(data.buffer)).size > 3;
}, await canvas.elementHandle());
console.log(shown);
await browser.close();
