// The office that sees everything: the figures of any instant, pairs that look like one child, what is late, who has not answered.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export async function ust(town) {
  const elena = await town.demo('ust');
  await elena.region('Da fare adesso').getByRole('link', { name: 'Guarda i possibili doppioni' }).waitFor();
  await elena.looks('what waits');

  // The board of a day in spring, and back; then two days of it side by side.
  await elena.follows('Cruscotto', elena.menu);
  await elena.reads('In diretta');
  const now = await openCases(elena);
  await elena.looks('the board');
  await elena.unfolds('Com’era allora, o il confronto fra due momenti');
  await elena.fills({ 'Com’era il giorno': '2022-03-25' }, elena.query);
  await elena.query.getByLabel('Alle ore').first().fill('12:00');
  await elena.presses('Filtra', elena.query);
  await elena.reads('Stai guardando com’era il 25 marzo 2022, 12:00');
  const then = await openCases(elena);
  assert.notEqual(then, now);
  await elena.readsNot('In diretta');
  await elena.looks('the board of then');
  await elena.fills({ 'Confronta con il giorno': '2022-05-02' }, elena.query);
  await elena.query.getByLabel('Alle ore').nth(1).fill('12:00');
  await elena.presses('Filtra', elena.query);
  const both = elena.region('Confronto').getByRole('row', { name: /^Aperte in tutto/ });
  assert.ok((await both.getByRole('cell').allInnerTexts()).includes(then), 'the comparison shows what the board of then showed');
  await elena.looks('two instants');
  await elena.follows('Torna a oggi');
  await elena.reads('In diretta');
  assert.equal(await openCases(elena), now);

  // The map has its figures beside it; the file has those of the page.
  const map = elena.region('Comuni').getByRole('img', { name: /^Mappa dei Comuni/ });
  await map.scrollIntoViewIfNeeded();
  assert.ok((await map.boundingBox()).height > 100, 'the map cannot be seen');
  await elena.region('Comuni').getByRole('table').first().waitFor();
  const file = elena.page.waitForEvent('download');
  await elena.main.getByRole('link', { name: 'CSV', exact: true }).first().click();
  const lines = readFileSync(await (await file).path(), 'utf8').split(/\r?\n/);
  assert.ok(lines.includes(`Pratiche aperte per stato;Aperte in tutto;;${now}`), 'the file has other figures than the board');

  // Two cases that look like one child: side by side, told apart, doubted again.
  await elena.follows('Doppioni', elena.menu);
  await elena.looks('pairs');
  const pairs = elena.main.getByRole('link', { name: 'Confronta' });
  const before = await pairs.count();
  const [first] = await elena.main.getByRole('rowheader').getByRole('link').allInnerTexts();
  await elena.leads(() => pairs.first().click());
  await elena.stands('Due pratiche a confronto');
  await elena.looks('a pair');
  await elena.main.getByRole('radio', { name: 'Lo ha detto la famiglia' }).check();
  await elena.presses('Non è lo stesso minore');
  await elena.stands('Possibili doppioni');
  assert.equal(await pairs.count(), before - 1);
  await elena.follows('Coppie tenute distinte');
  await elena.row(first).waitFor();
  await elena.looks('pairs told apart');
  await elena.leads(() => elena.row(first).getByRole('link', { name: 'Confronta' }).click());
  await elena.presses('Rimetti fra i possibili doppioni');
  await elena.follows('Doppioni', elena.menu);
  assert.equal(await pairs.count(), before);

  // They are one child after all, and then they are not: nothing is lost either way.
  await elena.leads(() => elena.main.getByRole('link', { name: 'Unisci' }).first().click());
  await elena.stands('Unisci a un’altra pratica');
  await elena.looks('merging');
  await elena.fills({ 'Come si è capito che è lo stesso minore': 'Stesso documento.' });
  await elena.presses('Unisci a un’altra pratica');
  await elena.reads('Questa pratica è stata unita a un’altra');
  await elena.looks('a merged case');
  await elena.acts('Separa dall’altra pratica', { Spiegazione: 'Il documento era di un altro.' });
  await elena.readsNot('Questa pratica è stata unita a un’altra');

  // What is late, and who has it.
  await elena.goes('/');
  const late = elena.main.getByRole('table', { name: 'Fuori termine, da sollecitare' });
  assert.ok(await late.getByRole('row', { name: /in ritardo di/ }).count() > 0, 'nothing is late');
  await elena.follows('Pratiche', elena.menu);
  await elena.fills({ 'Solo quelle in ritardo': true }, elena.query);
  await elena.presses('Filtra l’elenco', elena.query);
  const shown = elena.main.getByRole('table').getByRole('rowheader');
  assert.equal(await shown.count(), await elena.row(/in ritardo di/).count(), 'the list of what is late has what is not');
  await elena.looks('what is late');

  // Who has not answered on Monday is reminded, and seen to have been.
  await elena.follows('Rilevazione', elena.menu);
  await elena.looks('the return of all');
  await elena.follows('Sollecita chi non ha risposto');
  await elena.looks('reminding');
  assert.ok(await elena.main.getByRole('checkbox').count() > 0, 'all have answered');
  await elena.presses('Sollecita');
  await elena.reads('I solleciti sono registrati.');

  // Somebody new for a comune gets in by the code, once.
  const nina = await town.invited('Comune', 'Opera', 'Nina Debutto');
  await nina.reads('Nulla da fare', nina.region('Da fare adesso'));
  await elena.menu.getByText('Impostazioni', { exact: true }).click();
  await elena.follows('Utenze', elena.menu);
  await elena.row(/Nina Debutto.*Attiva/).waitFor();
  await elena.looks('the accounts');
}

const openCases = async (person) => (await person.region('Pratiche aperte per stato').getByRole('link', { name: /Aperte in tutto/ }).innerText()).match(/\d+/)[0];
