// A day of each who works with it, done through the pages by clicks and keys: the case goes from one person's list to the next one's.
import { after, afterEach, before, test } from 'node:test';
import { begin } from './demo.mjs';
import { launch, unable } from './chromium.mjs';
import { Town } from './people.mjs';
import { admin } from './days/admin.mjs';
import { centre } from './days/centre.mjs';
import { comune } from './days/comune.mjs';
import { plain } from './days/plain.mjs';
import { plans } from './days/plans.mjs';
import { polo } from './days/polo.mjs';
import { prefettura } from './days/prefettura.mjs';
import { school } from './days/school.mjs';
import { two } from './days/two.mjs';
import { ust } from './days/ust.mjs';

let demo, browser, town;

before(async () => {
  if (unable) return;
  demo = await begin(60);
  browser = await launch();
  town = new Town(browser, demo.accounts);
});

afterEach(() => town?.leave());

after(async () => {
  await browser?.close();
  await demo?.end();
});

const days = {
  'a secretary of a comune': comune,
  'the operator of a CTI': centre,
  'the operator of a CTI who plans': plans,
  'a teacher of a Polo START': polo,
  'a secretary of a school': school,
  'the UST': ust,
  'the Prefettura': prefettura,
  'an administrator': admin,
  'two people on one case': two,
  'those who have no JavaScript': plain,
};

for (const [whose, day] of Object.entries(days)) {
  test(`the day of ${whose}`, { skip: unable }, () => day(town, demo.operate));
}
