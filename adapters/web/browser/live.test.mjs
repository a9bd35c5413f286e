// The board while others work: a figure changes on the screen of somebody who only looks, and so does the line above a list; and what
// the keyboard does in one.
import { after, before, test } from 'node:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import assert from 'node:assert/strict';
import { check, launch, open, root, shoot, unable, widths } from './chromium.mjs';

let dir, program, browser, accounts, at;

before(async () => {
  if (unable) return;
  dir = mkdtempSync(path.join(tmpdir(), 'approdo-live-'));
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  const file = path.join(dir, 'accounts.json');
  at = `http://127.0.0.1:${port}`;
  program = spawn(process.env.APPRODO_BIN || path.join(root, 'bin/approdo'),
    ['demo', '--data', path.join(dir, 'data'), '--listen', `127.0.0.1:${port}`, '--cases', '40', '--seed', '1', '--accounts', file],
    { stdio: ['ignore', 'ignore', 'inherit'] });
  for (let i = 0; !(await fetch(`${at}/accedi`).then((r) => r.ok, () => false)); i++) {
    assert.ok(program.exitCode === null && i < 1200, 'the demo does not answer');
    await sleep(100);
  }
  accounts = JSON.parse(readFileSync(file, 'utf8'));
  browser = await launch();
});

after(async () => {
  await browser?.close();
  if (program?.exitCode === null) {
    program.kill('SIGTERM');
    await once(program, 'exit');
  }
  if (dir) rmSync(dir, { recursive: true, force: true });
});

async function signedIn(role, width = widths[0], init) {
  const visit = await open(browser, width);
  if (init) await visit.context.addInitScript(init);
  const { username, password } = accounts.find((a) => a.role === role);
  await visit.page.goto(`${at}/accedi`);
  await visit.page.locator('[name=username]').fill(username);
  await visit.page.locator('[name=password]').fill(password);
  await visit.page.locator('main button[type=submit]').click();
  return visit;
}

const openCases = (page) => page.locator('[data-part=states] .tile-value').first().textContent();

// asks records one more request, by a comune in a browser of its own.
const children = [['Kovalenko', 'Sofiia', '2014-05-06'], ['Bondar', 'Marko', '2015-11-23'], ['Hrytsenko', 'Zlata', '2017-01-30']];
async function asks(comune) {
  await comune.page.goto(`${at}/pratiche/nuova`);
  const [family, given, born] = children.shift();
  await comune.page.locator('[name=family_name]').fill(family);
  await comune.page.locator('[name=given_name]').fill(given);
  await comune.page.locator('[name=sex][value=F]').check();
  await comune.page.locator('[name=birth_date]').fill(born);
  const sent = comune.page.waitForNavigation();
  await comune.page.locator('main form[method=post] button[type=submit]').first().click();
  await sent;
  assert.equal(new URL(comune.page.url()).pathname === '/pratiche/nuova', false, `the request was not taken: ${await comune.page.locator('main').innerText()}`);
}

for (const width of widths) {
  test(`a figure changes on the screen at ${width} px`, { skip: unable }, async () => {
    const [ust, comune] = [await signedIn('ust', width), await signedIn('comune')];
    await check(ust, `${at}/cruscotto`, width);
    await ust.page.getByText('In diretta', { exact: true }).waitFor();
    await ust.page.evaluate(() => { window.notLoadedAgain = true; });
    const before = await openCases(ust.page);
    await asks(comune);
    await ust.page.waitForFunction((was) => document.querySelector('[data-part=states] .tile-value').textContent !== was, before);
    assert.equal(Number(await openCases(ust.page)), Number(before) + 1);
    await ust.page.waitForFunction(() => document.querySelector('[data-said]').textContent.startsWith('Cifre aggiornate alle'));
    const live = await openCases(ust.page);
    assert.ok(await ust.page.evaluate(() => window.notLoadedAgain), 'the page was loaded again');
    await shoot(ust.page, ust.page.url(), width, 'live-board');
    await ust.page.reload();
    assert.equal(await openCases(ust.page), live);
    assert.deepEqual(ust.wrong, []);
    for (const visit of [ust, comune]) await visit.context.close();
  });
}

test('without streams a page asks now and then', { skip: unable }, async () => {
  const ust = await signedIn('ust', widths[0], () => { delete window.EventSource; });
  await ust.page.goto(`${at}/cruscotto`);
  await ust.page.getByText('Aggiornamento ogni 30 secondi', { exact: true }).waitFor();
  assert.deepEqual(ust.wrong, []);
  await ust.context.close();
});

// What a stream tells of a list is told here, so that the test need not know whose case waits for whom.
test('a list says that there is something new, and stays as it is', { skip: unable }, async () => {
  const { context, page, wrong } = await signedIn('cti');
  const told = (...which) => which.map((w) => `data: ${JSON.stringify({ id: 1, at: '2022-04-04T07:00:00Z', when: '4 aprile 2022, 9:00', figures: { waiting: '1', which: w } })}\n\n`).join('');
  let body = told('a', 'a');
  await page.route('**/novita', (route) => route.fulfill({ contentType: 'text/event-stream', body: `retry: 100\n\n${body}` }));
  let heard = 0;
  page.on('response', (r) => { if (new URL(r.url()).pathname === '/novita') heard++; });
  await page.goto(`${at}/pratiche`);
  while (heard < 3) await sleep(50); // the same, again and again
  assert.equal(await page.locator('[data-news]').isVisible(), false);
  const before = await page.locator('main table').innerHTML();
  body = told('b');
  await page.locator('[data-news]').waitFor();
  assert.equal(await page.locator('main table').innerHTML(), before);
  await shoot(page, page.url(), widths[0], 'live-list');
  body = told('b', 'b');
  await page.getByRole('link', { name: 'Ci sono novità' }).click();
  await page.waitForLoadState('load');
  assert.equal(await page.locator('[data-news]').isVisible(), false);
  assert.deepEqual(wrong, []);
  await context.close();
});

test('the arrows walk through a list', { skip: unable }, async () => {
  const visit = await signedIn('ust');
  await visit.page.goto(`${at}/pratiche`);
  const links = visit.page.locator('main tbody [role=rowheader] a');
  const focused = () => visit.page.evaluate(() => document.activeElement.getAttribute('href'));
  await links.first().focus();
  await visit.page.keyboard.press('ArrowDown');
  assert.equal(await focused(), await links.nth(1).getAttribute('href'));
  await visit.page.keyboard.press('End');
  assert.equal(await focused(), await links.last().getAttribute('href'));
  await visit.page.keyboard.press('ArrowDown');
  assert.equal(await focused(), await links.last().getAttribute('href'), 'beyond the last there is none');
  await visit.page.keyboard.press('Home');
  assert.equal(await focused(), await links.first().getAttribute('href'));
  await visit.context.close();
});
