// Chromium as the suites of this folder drive it, and what they ask of every page.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import path from 'node:path';

const require = createRequire(import.meta.url);
const executablePath = process.env.APPRODO_CHROMIUM || '/usr/bin/chromium';
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--force-color-profile=srgb'];
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const root = path.resolve(import.meta.dirname, '../../..');
export const widths = [1280, 360];

// Why the browser suites cannot run here, or false. With CI=true they must run.
export const unable = !existsSync(executablePath) && process.env.CI !== 'true'
  && `no Chromium at ${executablePath}: install it, or name it in APPRODO_CHROMIUM`;

export async function launch() {
  const { chromium } = require('playwright-core');
  return chromium.launch({ executablePath, args: flags });
}

// A page in a context of its own that remembers what went wrong in it: console errors, failed requests, policy violations.
export async function open(browser, width, more = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'it-IT', reducedMotion: 'reduce', ...more });
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type()) && !/status of [45]\d\d/.test(m.text())) wrong.push(m.text()); });
  page.on('pageerror', (e) => wrong.push(String(e)));
  page.on('requestfailed', (r) => { // what is aborted was left behind by going to the next page
    const why = r.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') wrong.push(`${r.url()} ${why}`);
  });
  return { context, page, wrong };
}

const axe = () => readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export async function check(visit, url, width, status = 200) {
  const at = `${new URL(url).pathname} at ${width} px`;
  const response = await visit.page.goto(url, { waitUntil: 'load' });
  assert.equal(response.status(), status, `${at}: status`);
  await inspect(visit, at, width);
  await shoot(visit.page, url, width);
}

// What every page must hold, whatever it shows and however one came to it.
export async function inspect({ page, wrong }, at, width) {
  const h1 = await page.locator('h1').count();
  assert.equal(h1, 1, `${at}: one h1`);
  const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(scroll <= width, `${at}: ${scroll} px wide`);
  await page.evaluate(axe());
  const found = await page.evaluate(async (values) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: { type: 'tag', values } });
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`);
  }, rules);
  assert.deepEqual(found, [], `${at}: axe`);
  assert.deepEqual(wrong.splice(0), [], `${at}: console`);
}

// Nothing is lost beyond the edge of the narrowest window there is: 1280 px at 400 %, as WCAG 1.4.10 has it.
export async function narrowest({ page }, at) {
  const { width, height } = page.viewportSize();
  await page.setViewportSize({ width: 320, height });
  const scroll = await page.evaluate(() => document.documentElement.scrollWidth);
  await page.setViewportSize({ width, height });
  assert.ok(scroll <= 320, `${at}: ${scroll} px wide on 320 px`);
}

// The first tab stop leads past the head, can be seen when it has the focus, and does lead there; the next ones can be seen too.
export async function keyboard({ page }, url) {
  await page.goto(url);
  await page.keyboard.press('Tab');
  const first = page.locator(':focus');
  assert.equal(await first.getAttribute('href'), '#main', `${url}: the skip link comes first`);
  await visible(first, `${url}: skip link`);
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main', `${url}: the skip link leads to the content`);
  const seen = new Set();
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const focus = page.locator(':focus');
    if (await focus.count() === 0) break;
    const id = await focus.evaluate((e) => e.outerHTML.slice(0, 120));
    await visible(focus, `${url}: ${id}`);
    seen.add(id);
  }
  assert.ok(seen.size > 0, `${url}: nothing can be reached by keyboard`);
}

// Once around the page by Tab alone comes to everything that can be worked; of radio buttons to one, for the arrows lead to the others.
export async function around({ page }, at) {
  const count = await page.evaluate(() => {
    const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
      .filter((e) => e.type !== 'hidden' && !e.disabled && e.checkVisibility({ visibilityProperty: true }));
    globalThis.unreached = new Map(all.map((e) => [e.type === 'radio' ? e.name : e, e]));
    document.addEventListener('focusin', ({ target }) => globalThis.unreached.delete(target.type === 'radio' ? target.name : target));
    return globalThis.unreached.size;
  });
  const left = () => page.evaluate(() => [...globalThis.unreached.values()].map((e) => e.outerHTML.slice(0, 120)));
  for (let i = 0; i < 2 * count + 10; i++) {
    if (i % 20 === 19 && (await left()).length === 0) break;
    await page.keyboard.press('Tab');
  }
  await page.evaluate(() => document.activeElement?.blur()); // a skip link that goes away would move the page under the next click
  assert.deepEqual(await left(), [], `${at}: not reached by keyboard`);
}

async function visible(focus, what) {
  const { width, height, marked } = await focus.evaluate((e) => {
    const s = getComputedStyle(e);
    const { width, height } = e.getBoundingClientRect();
    const outline = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0 && !s.outlineColor.includes('rgba(0, 0, 0, 0)');
    return { width, height, marked: outline || s.boxShadow !== 'none' };
  });
  assert.ok(width > 1 && height > 1, `${what}: has the focus and no size`);
  assert.ok(marked, `${what}: the focus cannot be seen`);
}

// Pictures for people, where APPRODO_SHOTS names a folder.
export async function shoot(page, url, width, name = '') {
  const dir = process.env.APPRODO_SHOTS;
  if (!dir) return;
  mkdirSync(dir, { recursive: true });
  const base = name || new URL(url).pathname.replaceAll('/', '_').replace(/^_$/, '_home');
  await page.screenshot({ path: path.join(dir, `${base}-${width}.png`), fullPage: true });
}
