// The secretary of a school, who answers, counts, and writes down whoever came to the door.
import assert from 'node:assert/strict';
import { about, nameOf } from '../people.mjs';

const institution = 'ZZIC00383X', primary = 'ZZEE00383X';
const comes = { family: 'Kryvenko', given: 'Liliia', born: '2014-08-08', sex: 'F' }; // 3ª primaria
const goes = { family: 'Kryvenko', given: 'Ruslan', born: '2014-10-10', sex: 'M' };
const alone = { family: 'Zabolotna', given: 'Polina', born: '2013-01-17', sex: 'F' };
const today = '2022-12-15';
const sheet = ['Alunno;Come si chiama;Nato il;M/F;Dove va', `Salnyk;Ivanna;03/04/2015;Femmina;${primary}`,
  `Salnyk;Petro;31/02/2013;Maschio;${primary}`, ''].join('\n');

export async function school(town) {
  const rosa = await town.invited('Comune', 'Segrate', 'Rosa Finzione');
  const dora = await town.invited('Centro', 'CTI ambito 24', 'Dario Finto');
  const paolo = await town.invited('Scuola', institution, 'Paolo Registro');

  // Where there are no places declared, none can be offered: declared on the page, they can.
  await paolo.follows('Posti', paolo.menu);
  await paolo.looks('the places');
  await paolo.declares(primary, '3ª primaria', 2);
  await paolo.row(/^3ª primaria 2 0 0/).waitFor();
  for (const child of [comes, goes]) {
    await rosa.requests(child);
    await dora.takes(child);
    await dora.acts('Prendi in carico');
    await dora.offers(primary);
  }

  await paolo.finds(comes);
  await paolo.looks('what waits');
  await paolo.takes(comes);
  await paolo.looks('an offer');
  await paolo.follows('Accogli la proposta');
  await paolo.looks('accepting');
  await paolo.fills({ 'Accolta il': today, 'Sezione (facoltativo)': 'C' });
  await paolo.presses('Accogli la proposta');
  await paolo.reads('Accolta, primo giorno da registrare');

  await paolo.takes(goes);
  await paolo.follows('Rifiuta la proposta');
  await paolo.presses('Rifiuta la proposta'); // without a reason it stays
  await paolo.main.getByRole('alert').waitFor();
  await paolo.looks('declining');
  await paolo.fills({ 'Rapporto con gli alunni con disabilità': true });
  await paolo.presses('Rifiuta la proposta');
  await paolo.findsNot(goes);
  await dora.takes(goes);
  await dora.reads('Rapporto con gli alunni con disabilità', dora.region('Storia della pratica'));

  await paolo.takes(comes);
  await paolo.acts('Registra il primo giorno', { 'Primo giorno di scuola': today });
  await paolo.reads('Frequenta');
  await paolo.findsNot(comes);
  await rosa.seesOn('/pratiche', rosa.row(new RegExp(`${nameOf(comes)}.*Frequenta`)));
  await paolo.seesOn('/posti', paolo.row(/^3ª primaria 1 0 1/));

  // Somebody who came to the door: eight questions at the most.
  await paolo.follows('Nuova iscrizione', paolo.menu);
  await paolo.looks('an enrolment');
  const roles = ['textbox', 'combobox', 'group', 'checkbox']; // a choice between two is a group
  const questions = (await Promise.all(roles.map((role) => paolo.main.getByRole(role).count()))).reduce((a, b) => a + b);
  assert.ok(questions <= 8, `an enrolment asks ${questions} questions`);
  await paolo.fills({ ...about(alone), 'Comune dove vive': { choose: 'Segrate' } });
  const site = paolo.main.getByLabel('Sede', { exact: true });
  await site.selectOption(await site.locator('option', { hasText: primary }).innerText());
  await paolo.presses('Registra l’iscrizione');
  await paolo.reads('Iscrizione registrata.');
  await paolo.stands(nameOf(alone));
  await paolo.finds(alone); // the first day is still to be recorded

  // Monday: the four figures, validated, and undone with a reason.
  await paolo.follows('Rilevazione', paolo.menu);
  await paolo.looks('the return');
  await paolo.presses('VALIDA');
  await paolo.reads('La rilevazione è validata. Si può annullare.');
  await paolo.follows('Annulla la validazione');
  await paolo.fills({ 'Mancava un alunno': true });
  await paolo.presses('Annulla la validazione');
  await paolo.reads('La validazione è annullata');
  await paolo.main.getByRole('button', { name: 'VALIDA' }).waitFor();
  await paolo.looks('a return undone');

  // A sheet with columns of their own: said what they are, looked at before anything happens, recorded, accounted for line by line.
  await paolo.goes('/iscrizioni/nuova');
  await paolo.follows(/Caricalo/);
  await paolo.looks('a sheet');
  await paolo.main.getByLabel('File', { exact: true }).setInputFiles({ name: 'alunni.csv', mimeType: 'text/csv', buffer: Buffer.from(sheet) });
  await paolo.presses('Carica e controlla');
  await paolo.stands('Colonne del foglio');
  await paolo.looks('its columns');
  await paolo.fills({ '«Alunno»': { choose: 'Cognome' }, '«Come si chiama»': { choose: 'Nome' }, '«Nato il»': { choose: 'Data di nascita' },
    '«M/F»': { choose: 'Sesso' }, '«Dove va»': { choose: 'Sede' } });
  await paolo.presses('Continua');
  await paolo.stands('Controllo del foglio');
  await paolo.reads('Non è ancora stato registrato niente.');
  await paolo.row(/^Riga 3 .*La data non è valida/).waitFor();
  await paolo.looks('the dry run');
  const tried = paolo.page.url();
  await paolo.goes('/pratiche');
  assert.equal(await paolo.row('Salnyk Ivanna').count(), 0, 'the dry run has recorded a pupil');
  await paolo.page.goto(tried);
  await paolo.presses('Registra una riga pronta');
  await paolo.stands('Esito del foglio');
  await paolo.row(/^Riga 2 Registrata/).waitFor();
  await paolo.row(/^Riga 3 Non registrata/).waitFor();
  await paolo.looks('its report');
  await paolo.finds({ family: 'Salnyk', given: 'Ivanna' });
}
