// Every template with invented content, wide and narrow: the pages as adapters/web/samples_test.go makes them.
import { after, before, test } from 'node:test';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import assert from 'node:assert/strict';
import { check, keyboard, launch, open, root, unable, widths } from './chromium.mjs';

let dir, server, browser, address;
const paths = [];

before(async () => {
  if (unable) return;
  dir = mkdtempSync(path.join(tmpdir(), 'approdo-samples-'));
  const program = path.join(dir, 'samples');
  execFileSync('go', ['test', '-c', '-o', program, './adapters/web'], { cwd: root, stdio: 'inherit' });
  server = spawn(program, { cwd: path.join(root, 'adapters/web'), env: { ...process.env, APPRODO_SAMPLES: 'serve' }, stdio: ['pipe', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) {
    if (line === '') break;
    if (address) paths.push(line); else address = line;
  }
  assert.match(address ?? '', /^http:/, 'the samples are not served');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  server?.stdin.end(); // which ends it
  if (dir) rmSync(dir, { recursive: true });
});

for (const width of widths) {
  test(`every sample at ${width} px`, { skip: unable }, async (t) => {
    const visit = await open(browser, width);
    for (const page of paths) await t.test(page, () => check(visit, address + page, width, statusOf(page)));
    await visit.context.close();
  });
}

test('by keyboard', { skip: unable }, async () => {
  const visit = await open(browser, 1280);
  for (const page of ['/accedi', '/galleria']) await keyboard(visit, address + page);
  await visit.context.close();
});

test('with the text twice as large nothing is cut off', { skip: unable }, async () => {
  const visit = await open(browser, 640); // 1280 px at 200 %
  for (const page of paths) {
    await visit.page.goto(address + page);
    const scroll = await visit.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(scroll <= 640, `${page}: ${scroll} px`);
  }
  await visit.context.close();
});

test('English stands beside Italian', { skip: unable }, async () => {
  const visit = await open(browser, 1280);
  await visit.page.goto(`${address}/accedi`);
  await visit.page.getByRole('button', { name: 'English' }).click();
  assert.equal(await visit.page.locator('html').getAttribute('lang'), 'en');
  assert.equal(await visit.page.locator('h1').innerText(), 'Sign in');
  await visit.context.close();
});

function statusOf(page) {
  const m = page.match(/^\/errore\/(\d+)$/);
  if (m) return Number(m[1]);
  if (page.endsWith('-tardi')) return 409;
  if (page.endsWith('-vietato')) return 403;
  return /-rifiutat[oa]$/.test(page) ? 422 : 200;
}
