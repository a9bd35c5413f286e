// The operator of a CTI with thirty children who wait: where each would go, together and for a reason; two choices of one's own, the rest offered.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const school = { institution: 'ZZIC00362X', site: 'ZZEE00362X' };
const count = 30;
// Families of one child, and every fifth of two.
const children = Array.from({ length: count }, (_, i) => ({ family: `Verbytska${'bcdfghklmnprstvz'[Math.floor(i / 6) % 16]}${i % 5 === 1 ? 'aeiou'[(i - 1) % 5] : 'aeiou'[i % 5]}${i < 15 ? 'n' : 'r'}`,
  given: i % 2 ? 'Taisiia' : 'Veronika', born: `${14 + (i % 14)}/0${1 + (i % 9)}/2014`, household: i % 5 < 2 ? String(Math.floor(i / 5)) : '' }));
const sheet = ['Cognome;Nome;Data di nascita;Sesso;Nucleo familiare', ...children.map((c) => `${c.family};${c.given};${c.born};F;${c.household}`)].join('\r\n');

export async function plans(town) {
  const clara = await town.invited('Comune', 'Rozzano', 'Clara Esempio');
  const bruno = await town.invited('Centro', 'CTI ambito 25', 'Bruno Progetto');
  const paola = await town.invited('Scuola', school.institution, 'Pia Sedia');
  await paola.declares(school.site, '3ª primaria', 24);

  await clara.goes('/fogli/richieste');
  await clara.main.getByLabel('File', { exact: true }).setInputFiles({ name: 'minori.csv', mimeType: 'text/csv', buffer: Buffer.from(sheet) });
  await clara.presses('Carica e controlla');
  await clara.stands('Controllo del foglio');
  await clara.presses(`Registra le ${count} righe pronte`);
  await clara.stands('Esito del foglio');

  // The queue: all of them taken in charge at once; and why a school stands where it does.
  const ours = bruno.main.getByRole('checkbox', { name: /Verbytska/ });
  for (const until = Date.now() + 120_000; ;) {
    await bruno.goes('/pratiche/insieme/presa-in-carico');
    if (await ours.count() === count) break;
    assert.ok(Date.now() < until, `${await ours.count()} of ${count} children wait`);
    await sleep(500);
  }
  for (const box of await ours.all()) await box.check();
  await bruno.presses('Vai al riepilogo');
  await bruno.presses('Prendi in carico');
  await bruno.stands('Esito');
  await bruno.leads(() => bruno.main.getByRole('rowheader').getByRole('link').first().click());
  await bruno.follows('Scuole per questo minore');
  await bruno.reads(/posti ancora liberi: 24/);

  // One plan for all who wait.
  await bruno.follows('Piani', bruno.menu);
  await bruno.looks('plans');
  await draws(bruno, 'Fai il piano');
  await bruno.stands('Piano');
  await bruno.reads(/^Nessun piano/);
  const rows = bruno.region('Dove andrebbero').getByRole('row').filter({ hasText: 'Verbytska' });
  assert.equal(await rows.count(), count);
  await bruno.looks('a plan');

  // Two are decided by hand, and the rest is drawn again around them.
  const placed = rows.filter({ has: bruno.page.getByRole('checkbox', { name: 'Fissa qui' }) });
  const [kept, moved] = [await nameIn(placed.nth(0)), await nameIn(placed.nth(1))];
  const before = await schoolIn(placed.nth(1));
  await placed.nth(0).getByRole('checkbox', { name: 'Fissa qui' }).check();
  await placed.nth(1).getByRole('checkbox', { name: 'Mai qui' }).check();
  await draws(bruno, 'Ricalcola con queste scelte');
  await bruno.reads('Scelte già fatte');
  await bruno.reads('Rispetto al piano di prima');
  assert.notEqual(await schoolIn(rows.filter({ hasText: moved }).first()), before, 'a child goes where it never should');
  await rows.filter({ hasText: kept }).first().getByText('Fissato qui').waitFor();
  await bruno.looks('a plan with choices');

  // What if the school kept most places back: looked at beside the plan, and nothing to be offered.
  const plan = bruno.page.url();
  await bruno.follows('E se…');
  await bruno.looks('what if');
  const row = bruno.main.getByRole('group', { name: 'Posti tenuti da parte' });
  await row.getByLabel('Codice della sede').first().fill(school.site);
  await row.getByLabel('Anno di corso').first().selectOption({ label: '3ª primaria' });
  await row.getByLabel('Posti').first().fill('molti');
  await bruno.presses('Calcola lo scenario');
  await bruno.main.getByRole('alert').waitFor();
  await bruno.looks('a bad row');
  await row.getByLabel('Posti').first().fill('18');
  await draws(bruno, 'Calcola lo scenario');
  await bruno.stands('Scenario');
  assert.equal(await bruno.main.getByRole('button', { name: 'Proponi alle scuole' }).count(), 0, 'a scenario can be offered');
  await bruno.looks('a scenario');
  await bruno.follows('Confronta con il piano di prima');
  await bruno.stands('Due piani a confronto');
  await bruno.looks('two plans');

  // All but the two are offered.
  await bruno.page.goto(plan);
  const boxes = bruno.main.getByRole('checkbox', { name: 'Proponi', exact: true });
  const waiting = await boxes.count();
  await bruno.main.getByRole('checkbox', { name: /^Tutti quelli che aspettano/ }).check();
  await bruno.presses('Proponi alle scuole');
  await bruno.reads(new RegExp(`^Stai per fare ${waiting} proposte`));
  await bruno.looks('whom to offer where');
  for (const name of [kept, moved]) {
    const box = bruno.main.getByRole('checkbox', { name });
    if (await box.count()) await box.uncheck();
  }
  const chosen = await bruno.main.getByRole('checkbox', { checked: true }).count();
  assert.ok(chosen > 5, `only ${chosen} are offered`);
  await bruno.presses('Proponi alle scuole');
  await bruno.stands('Esito');
  assert.equal(await bruno.main.getByRole('cell', { name: 'Proposta fatta' }).count(), chosen);
  await bruno.looks('what came of each');
  await bruno.follows('Torna al piano');
  await bruno.reads('Proposto da questo piano');

  // One sheet to be printed: why this school.
  await bruno.follows('Perché questa scuola');
  await bruno.stands(/^Perché/);
  await bruno.page.emulateMedia({ media: 'print' });
  assert.equal(await bruno.menu.isVisible(), false, 'the menu is printed');
  await bruno.page.emulateMedia({ media: null });
}

// Presses a button that has a plan drawn, and waits until the plan is there.
async function draws(person, button) {
  await person.main.getByRole('button', { name: button }).click();
  await person.page.waitForURL(/\/piani\/[0-9a-f-]{36}$/, { timeout: 120_000 });
  await person.page.waitForLoadState('load');
}

const nameIn = async (row) => (await row.getByRole('rowheader').getByRole('link').innerText()).trim();
const schoolIn = async (row) => (await row.getByRole('cell').nth(1).innerText()).trim();
