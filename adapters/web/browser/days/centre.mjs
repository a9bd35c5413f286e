// The operator of a CTI, for a comune outside Milano: what presses most comes first, and the keyboard is enough.
import assert from 'node:assert/strict';
import { nameOf } from '../people.mjs';

const school = { institution: 'ZZIC00362X', site: 'ZZEE00362X', named: 'Istituto comprensivo n. 1 di Rozzano' };
const sisters = [{ family: 'Hordiichuk', given: 'Yaryna', born: '2013-05-06', sex: 'F' }, { family: 'Hordiichuk', given: 'Zoriana', born: '2015-03-02', sex: 'F' }];
const first = { family: 'Babenko', given: 'Nazarii', born: '2014-02-11', sex: 'M' };
const elsewhere = { family: 'Vdovenko', given: 'Ostap', born: '2013-11-05', sex: 'M' };

export async function centre(town) {
  const carla = await town.invited('Comune', 'Rozzano', 'Carla Ipotesi');
  const ugo = await town.invited('Centro', 'CTI ambito 25', 'Ugo Pretesto');
  const segrate = await town.invited('Centro', 'CTI ambito 24', 'Dora Supposta');
  const paola = await town.invited('Scuola', school.institution, 'Paola Bozzetto');
  await paola.declares(school.site, '4ª primaria', 2);
  for (const child of [first, ...sisters, elsewhere]) await carla.requests(child);

  for (const child of [first, ...sisters, elsewhere]) await ugo.finds(child);
  await pressingFirst(ugo);
  await ugo.looks('what waits');

  // Without a mouse: to the list, down and up its lines, into a case, and charge of it.
  await ugo.enters(ugo.menu.getByRole('link', { name: 'Pratiche' }));
  await ugo.stands('Pratiche');
  await pressingFirst(ugo);
  const lines = ugo.main.getByRole('table').getByRole('rowheader').getByRole('link');
  const named = ugo.main.getByRole('link', { name: nameOf(first), exact: true });
  await ugo.tabsTo(lines.first());
  await walks(ugo, lines, named);
  await ugo.leads(() => ugo.page.keyboard.press('Enter'));
  await ugo.stands(nameOf(first));
  await ugo.enters(ugo.main.getByRole('link', { name: 'Prendi in carico' }));
  await ugo.enters(ugo.main.getByRole('button', { name: 'Prendi in carico' }));
  await ugo.reads('In carico al centro');
  await ugo.looks('a case in charge');

  // Several at once: ticked, looked at once more, done, and each accounted for.
  await ugo.follows('Pratiche', ugo.menu);
  await ugo.follows(/^Prendi in carico/);
  await ugo.looks('several at once');
  for (const child of sisters) await ugo.main.getByRole('checkbox', { name: nameOf(child) }).check();
  await ugo.presses('Vai al riepilogo');
  await ugo.reads('Stai per farlo per 2 pratiche');
  assert.equal(await ugo.main.getByRole('checkbox').count(), 2);
  await ugo.readsNot(nameOf(elsewhere));
  await ugo.looks('the preview');
  await ugo.presses('Prendi in carico');
  await ugo.stands('Esito');
  assert.equal(await ugo.main.getByRole('cell', { name: 'Fatto' }).count(), 2);
  await ugo.looks('the report');
  for (const child of sisters) {
    await ugo.takes(child);
    await ugo.reads('In carico al centro');
  }

  // A view of one's own finds those in charge again.
  await ugo.follows('Pratiche', ugo.menu);
  await ugo.fills({ Stato: { choose: 'In carico al centro' } }, ugo.query);
  await ugo.presses('Filtra l’elenco', ugo.query);
  await ugo.unfolds('Le tue viste');
  await ugo.fills({ 'Salva questi filtri con un nome': 'Le nostre' });
  await ugo.presses('Salva la vista');
  await ugo.reads('Vista salvata.');
  await ugo.looks('a view of one’s own');
  await ugo.goes('/pratiche');
  await ugo.row(nameOf(elsewhere)).waitFor();
  await ugo.unfolds('Le tue viste');
  await ugo.follows('Le nostre');
  await ugo.row(nameOf(first)).waitFor();
  assert.equal(await ugo.row(nameOf(elsewhere)).count(), 0);

  // The comune is asked, and answers.
  await ugo.takes(sisters[0]);
  await ugo.acts('Chiedi un’integrazione', { 'Percorso scolastico': true, Domanda: 'Quale classe frequentava?' });
  await ugo.findsNot(sisters[0]);
  await carla.takes(sisters[0]);
  await carla.reads('Quale classe frequentava?');
  await carla.acts('Rispondi alla richiesta', { Risposta: 'La quinta.' });

  // One class above the age, by the resolution of the teachers' board.
  await ugo.takes(first);
  await ugo.follows('Decidi l’anno di corso');
  await ugo.looks('the class');
  await ugo.fills({ 'Anno di corso': { choose: '4ª primaria' }, 'Competenze, abilità e preparazione accertate (lettera b)': true,
    'Delibera del collegio docenti (facoltativo)': '12 del 14 dicembre 2022' });
  await ugo.presses('Decidi l’anno di corso');
  await ugo.reads('Fatto. La storia della pratica è aggiornata.');
  await ugo.reads('12 del 14 dicembre 2022');

  // Where there are places; and the offer goes there.
  await ugo.follows('Scuole', ugo.menu);
  await ugo.fills({ Comune: { choose: 'Rozzano' }, 'Ordine di scuola': { choose: 'Primaria' } }, ugo.query);
  await ugo.presses('Cerca', ugo.query);
  await ugo.looks('the schools');
  await ugo.leads(() => ugo.row(school.site).getByRole('link').first().click());
  await ugo.row(/^4ª primaria 2 0 0/).waitFor();
  await ugo.looks('a school');
  await ugo.takes(first);
  await ugo.follows('Proponi a una scuola');
  await ugo.reads(/posti ancora liberi: 2/);
  await ugo.looks('the offer');
  await ugo.chooses(school.site);
  await ugo.presses('Proponi a una scuola');
  await ugo.reads(`Ora tocca a: Scuola dimostrativa – ${school.named}.`);
  await ugo.findsNot(first);
  await paola.takes(first);
  await paola.reads('4ª primaria', paola.region('Storia della pratica'));
  await paola.seesOn('/posti', paola.row(/^4ª primaria 1 1 0/));

  // What belongs to another centre goes there, and is no longer ours to take charge of.
  await ugo.takes(elsewhere);
  await ugo.acts('Passa a un altro centro', { 'Al centro': { choose: 'CTI ambito 24' }, 'Un fratello o una sorella è già seguito lì': true });
  await ugo.findsNot(elsewhere);
  await segrate.takes(elsewhere);
  await segrate.acts('Prendi in carico');
}

// The terms of a list, from the one longest past to the one furthest ahead.
async function pressingFirst(person) {
  const terms = (await person.main.getByRole('table').getByRole('cell').allInnerTexts()).filter((t) => /lavorativ|oggi|school/.test(t)).map(daysIn);
  assert.ok(terms.length > 1, `${person.name} sees only ${terms.length} terms`);
  assert.deepEqual(terms, terms.toSorted((a, b) => a - b), `${person.name}: what presses most does not come first`);
}

function daysIn(term) {
  const days = Number(term.match(/\d+/)?.[0] ?? 0);
  return /ritardo/.test(term) ? -days : days;
}

// Walks a list by the arrows: down and up, then down until the case is there.
async function walks(person, lines, to) {
  const step = async (key, line) => {
    await person.page.keyboard.press(key);
    assert.ok(await focused(line), `${person.name} does not come on in the list by ${key}`);
  };
  await step('ArrowDown', lines.nth(1));
  await step('ArrowUp', lines.first());
  const count = await lines.count();
  for (let i = 1; i < count && !(await focused(to)); i++) await step('ArrowDown', lines.nth(i));
  assert.ok(await focused(to), `${person.name} does not come to the case by the arrows`);
}

const focused = (line) => line.evaluate((e) => e === document.activeElement);
