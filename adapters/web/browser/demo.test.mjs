// The program itself, as each role: every page that can be reached from the menu, wide and narrow, and by keyboard.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { begin, signIn } from './demo.mjs';
import { check, keyboard, launch, narrowest, open, unable, widths } from './chromium.mjs';

const roles = ['comune', 'cti', 'polo_start', 'scuola', 'ust', 'prefettura', 'admin'];
const samplesOfAPage = 2; // of the many cases, this many are looked at
const samplesOfAsking = 4; // of a page that is asked in many ways, such as the list by every figure of the board

let demo, browser;

before(async () => {
  if (unable) return;
  demo = await begin(60);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await demo?.end();
});

for (const role of roles) {
  test(`every page of ${role}`, { skip: unable }, async (t) => {
    const account = demo.accounts.find((a) => a.role === role);
    assert.ok(account, `the demo has no account for ${role}`);
    for (const width of widths) {
      const visit = await open(browser, width);
      const home = await signIn(visit, account);
      const pages = await crawl(t, visit, home, width);
      assert.ok(pages > 2, `${role} reaches only ${pages} pages`);
      if (width === widths[0]) await keyboard(visit, home);
      await visit.context.close();
    }
  });
}

// Follows every link of ours, page by page, and looks at each kind of page a few times.
async function crawl(t, visit, home, width) {
  const { page } = visit;
  const waiting = [home];
  const seen = new Set(waiting);
  const looked = new Map();
  const times = (what) => looked.get(what) ?? 0;
  let pages = 0;
  while (waiting.length > 0) {
    const url = waiting.shift();
    const kind = kindOf(url);
    const asked = kind.replace(/\?.*/, '?');
    if (times(kind) >= samplesOfAPage || (asked !== kind && times(asked) >= samplesOfAsking)) continue;
    looked.set(kind, times(kind) + 1);
    if (asked !== kind) looked.set(asked, times(asked) + 1);
    await t.test(`${kind} at ${width} px`, () => look(visit, url, width));
    pages++;
    const links = await page.locator('a[href]:not([download])').evaluateAll((all) => all.map((a) => a.href));
    for (const link of links.map((l) => l.split('#')[0])) {
      if (new URL(link).origin !== new URL(home).origin || seen.has(link)) continue;
      seen.add(link);
      waiting.push(link);
    }
  }
  return pages;
}

// A page is checked; a file is there, and its name says what it is and never of whom.
async function look(visit, url, width) {
  try {
    await check(visit, url, width);
    await narrowest(visit, new URL(url).pathname);
  } catch (e) {
    if (!/Download is starting/.test(String(e))) throw e;
    const file = await visit.page.request.get(url);
    assert.equal(file.status(), 200, `${new URL(url).pathname}: status`);
    assert.match(file.headers()['content-disposition'] ?? '', /^attachment; filename="?[A-Za-z0-9._-]+"?$/, `${new URL(url).pathname}: name`);
  }
}

// A page's address without what tells one case, school or place in a list from the next.
function kindOf(url) {
  const { pathname, searchParams } = new URL(url);
  const way = pathname.split('/').map((part) => (/\d/.test(part) ? '*' : part)).join('/');
  const asked = [...searchParams.keys()].sort().join('&');
  return asked ? `${way}?${asked}` : way;
}
