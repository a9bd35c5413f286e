// The teacher of a Polo START, for a child in Milano: one school says no, another is found, and the family gets its letter.
import assert from 'node:assert/strict';
import { nameOf } from '../people.mjs';

const child = { family: 'Melnychuk', given: 'Daryna', born: '2014-03-19', sex: 'F' }; // 3ª primaria
const says = { institution: 'ZZIC00140X', site: 'ZZEE00140X' };
const then = { institution: 'ZZIC00141X', site: 'ZZEE00141X' };

export async function polo(town) {
  const giulia = await town.demo('comune');
  const sara = await town.demo('polo_start');
  const no = await town.invited('Scuola', says.institution, 'Nora Diniego');
  const yes = await town.invited('Scuola', then.institution, 'Silvia Accolta');
  await no.declares(says.site, '3ª primaria', 1);
  await yes.declares(then.site, '3ª primaria', 1);
  await giulia.requests(child, { 'Municipio (solo Milano) (facoltativo)': { choose: '1' } });
  await giulia.reads('Ora tocca a: Polo START 1.');

  await sara.takes(child);
  await sara.looks('a case');
  await sara.acts('Prendi in carico');
  await sara.offers(says.site);
  await sara.findsNot(child);

  await no.takes(child);
  await no.acts('Rifiuta la proposta', { 'Capienza dell’edificio': true });
  await no.findsNot(child);
  await no.seesOn('/posti', no.row(/^3ª primaria 1 0 0/));

  // The no is read with its reason, and that school is not asked again.
  await sara.takes(child);
  await sara.reads('Capienza dell’edificio', sara.region('Storia della pratica'));
  await sara.follows('Proponi a una scuola');
  await sara.looks('offering again');
  await sara.main.getByRole('radio', { name: 'Un’altra scuola' }).check();
  await sara.fills({ 'Codice dell’altra scuola (facoltativo)': says.site });
  await sara.presses('Proponi a una scuola');
  await sara.main.getByRole('alert').waitFor();
  await sara.looks('an offer refused');

  // Why the other one: schools stand in order with their reasons, and the sheet sets it beside the one that said no.
  const here = sara.page.url().replace(/\/proposta.*$/, '');
  await sara.page.goto(here);
  await sara.follows('Scuole per questo minore');
  await sara.looks('schools in order');
  await sara.page.goto(`${here}/scuole/${then.site}`);
  await sara.fills({ 'Perché non un’altra? Codice della scuola': says.site });
  await sara.presses('Confronta');
  await sara.reads(/ha detto no il/);
  await sara.reads(/posti ancora liberi: 1/);
  await sara.looks('why this school');
  await sara.page.emulateMedia({ media: 'print' });
  assert.equal(await sara.menu.isVisible(), false, 'the menu is printed');
  await sara.page.emulateMedia({ media: null });
  await sara.follows('Proponi questa scuola');
  assert.equal(await sara.main.getByRole('radio', { name: then.site }).isChecked(), true, 'the school is chosen already');
  await sara.presses('Proponi a una scuola');
  await sara.reads('Fatto. La storia della pratica è aggiornata.');
  await yes.finds(child);
  await no.findsNot(child);

  // The letter, in Italian and then in the family's language.
  await sara.follows('Stampa la lettera per la famiglia');
  await sara.looks('the letter');
  await sara.follows('Українська');
  assert.equal(await sara.page.locator('[lang=uk]').count() > 0, true, 'the letter says in which language it is');
  await sara.reads(/школ/i);
  await sara.reads(nameOf(child));
  await sara.looks('the letter in Ukrainian');
  await sara.page.emulateMedia({ media: 'print' });
  assert.equal(await sara.menu.isVisible(), false, 'the menu is printed');
  await sara.reads(/школ/i);
  await sara.page.emulateMedia({ media: null });

  await yes.takes(child);
  await yes.acts('Accogli la proposta', { 'Sezione (facoltativo)': 'B' });
  await sara.seesOn('/pratiche', sara.row(new RegExp(`${nameOf(child)}.*Accolta, primo giorno da registrare`)));
}
