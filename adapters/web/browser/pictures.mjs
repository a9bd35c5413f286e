// The pictures of the guides, from the demo with a fixed seed: make pictures writes them to docs/img.
import { statSync } from 'node:fs';
import path from 'node:path';
import assert from 'node:assert/strict';
import { begin, signIn } from './demo.mjs';
import { launch, open, root } from './chromium.mjs';

const to = process.env.APPRODO_PICTURES || path.join(root, 'docs/img');
const width = 900;
const most = 120_000; // bytes of one picture

// Of each: the file, whose page it is, how much of it is shown, and the ways to the page, of which the first that leads to one is taken. A way is
// an address; "first of" one, the first case or plan of that list, perhaps with a page below it.
const cases = (status, tail = '') => ({ list: `/pratiche?stato=${status}`, below: '/pratiche/', tail });
const plan = { list: '/piani', row: 'Tutto il territorio', below: '/piani/', tail: '' };
const pictures = [
  ['comune-richiesta', 'comune', 720, ['/pratiche/nuova']],
  ['comune-ricevuta', 'comune', 900, [cases('requested', '/ricevuta'), cases('in-charge', '/ricevuta'), cases('attending', '/ricevuta')]],
  ['centro-inizio', 'cti', 640, ['/']],
  ['centro-pratica', 'cti', 720, [cases('requested'), cases('in-charge'), cases('attending')]],
  ['centro-lettera', 'cti', 1000, [cases('accepted', '/lettera?lingua=uk'), cases('offered', '/lettera?lingua=uk'), cases('attending', '/lettera?lingua=uk')]],
  ['scuola-pratica', 'scuola', 720, [cases('offered'), cases('accepted'), cases('attending')]],
  ['scuola-posti', 'scuola', 640, ['/posti']],
  ['scuola-rilevazione', 'scuola', 720, ['/rilevazione']],
  ['ust-cruscotto', 'ust', 720, ['/cruscotto']],
  ['ust-rilevazione', 'ust', 720, ['/rilevazione']],
  ['ust-piano', 'ust', 1000, [plan]],
  ['prefettura-inizio', 'prefettura', 640, ['/']],
  ['prefettura-registro', 'prefettura', 640, ['/registro']],
];

const demo = await begin(200);
const browser = await launch();
try {
  for (const [name, role, height, ways] of pictures) {
    const account = demo.accounts.find((a) => a.role === role);
    assert.ok(account, `the demo has no account for ${role}`);
    const visit = await open(browser, width);
    const home = await signIn(visit, account);
    assert.ok(await reach(visit.page, home, ways), `${name}: ${role} reaches none of its pages`);
    await visit.page.evaluate(() => document.fonts.ready);
    const file = path.join(to, `${name}.png`);
    const { y } = await visit.page.locator('.page').boundingBox(); // the head is the same everywhere
    await visit.page.screenshot({ path: file, fullPage: true, clip: { x: 0, y, width, height } });
    const { size } = statSync(file);
    assert.ok(size <= most, `${name}.png has ${size} bytes`);
    console.log(`${name}.png ${size}`);
    await visit.context.close();
  }
} finally {
  await browser.close();
  await demo.end();
}

async function reach(page, home, ways) {
  for (const way of ways) {
    let address = new URL(way.list ?? way, home).href;
    if (way.list) {
      await page.goto(address);
      const link = page.locator('main table tbody tr', { hasText: way.row }).locator(`a[href^="${way.below}"]`).first();
      if (await link.count() === 0) continue;
      address = new URL(await link.getAttribute('href') + way.tail, home).href;
    }
    const response = await page.goto(address);
    if (response.status() === 200) return true;
  }
  return false;
}
