// The Prefettura: who did what, a name opened with a reason, intake stopped and resumed, and proofs to keep.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const child = { family: 'Panchenko', given: 'Marta', born: '2014-04-04', sex: 'F' };
const reason = 'Decreto inventato n. 12';

export async function prefettura(town) {
  const luca = await town.demo('prefettura');
  const elena = await town.demo('ust');
  const rocco = await town.invited('Comune', 'Nosate', 'Rocco Fantasia');
  const ida = await town.invited('Centro', 'CTI ambito 26', 'Ida Immaginata');
  await luca.looks('what is watched');

  // A pupil is a pseudonym, in the trail as everywhere, until a name is opened with a reason.
  await rocco.requests(child);
  await luca.follows('Registro', luca.menu);
  await luca.looks('the trail of a day');
  await luca.follows('Cerca nel registro');
  await luca.fills({ Operazione: { choose: 'Pratica: Richiesta registrata' } }, luca.query);
  await luca.presses('Cerca nel registro', luca.query);
  const asked = luca.row(/Rocco Fantasia/).first();
  await luca.seesOn(luca.page.url(), asked);
  await luca.readsNot(child.family);
  await luca.readsNot(/act-group\.|event\./);
  await luca.looks('the trail searched');
  await luca.leads(() => asked.getByRole('link', { name: /^P-/ }).click());
  await luca.readsNot(child.family);
  await luca.looks('the trail of a case');
  await luca.follows('Apri il nome');
  await luca.looks('opening a name');
  await luca.fills({ 'Esposto o reclamo': true, 'Che cosa ti serve sapere (facoltativo)': 'Prot. 1 inventato' });
  await luca.presses('Apri il nome');
  await luca.reads('Il nome è aperto. L’UST ne è informato.');
  await luca.reads(child.family);
  await luca.reads(/^Visibile a te fino alle/);
  await luca.looks('a name that is open');
  await elena.goes('/');
  await elena.leads(() => elena.main.getByRole('link', { name: /Nomi aperti dalla Prefettura/ }).click());
  await elena.seesOn(elena.page.url(), elena.region('Nomi aperti dalla Prefettura').getByRole('row', { name: /Luca Saggio.*Esposto o reclamo/ }).first());
  await elena.looks('who has read');

  // Intake stops in one comune: requests still come, nobody takes charge; and it goes on.
  await luca.follows('Territorio', luca.menu);
  await luca.follows('Sospensioni', luca.main, false);
  await luca.follows('Nuova sospensione');
  await luca.looks('a suspension');
  await luca.fills({ 'Prese in carico': true, 'Solo alcuni Comuni': true, Nosate: true, Motivo: reason });
  await luca.presses('Sospendi');
  await luca.reads('La sospensione è registrata.');
  await ida.takes(child);
  await ida.reads('Le prese in carico sono sospese.');
  assert.equal(await ida.main.getByRole('link', { name: 'Prendi in carico' }).count(), 0);
  await ida.looks('a case while intake is suspended');
  await luca.leads(() => luca.row(new RegExp(`${reason}.*In vigore`)).getByRole('link', { name: 'Riprendi' }).click());
  await luca.fills({ Motivo: 'Fine del decreto inventato n. 12' });
  await luca.presses('Riprendi');
  await luca.reads('La ripresa è registrata.');
  await luca.row(new RegExp(`${reason}.*Finita`)).waitFor();
  await luca.looks('the suspensions');
  await ida.takes(child);
  await ida.acts('Prendi in carico');

  // A file that proves itself, and the signatures to keep.
  await luca.goes('/registro/cerca');
  const proven = await fileOf(luca, 'File con le prove');
  assert.ok(proven.trim().split('\n').length > 1, 'the file with proofs has lines');
  assert.equal(proven.includes(child.family), false, 'the file with proofs names a pupil');
  await luca.follows('Prove', luca.menu);
  await luca.reads('Punti di controllo');
  await luca.looks('the checkpoints');
  assert.match(await fileOf(luca, 'Scarica la chiave'), /^approdo\/registro\+/);
  const checkpoints = luca.main.getByRole('table').getByRole('link', { name: 'Scarica' });
  assert.ok(await checkpoints.count() > 0, 'there is no checkpoint');
}

async function fileOf(person, link) {
  const file = person.page.waitForEvent('download');
  await person.main.getByRole('link', { name: link, exact: true }).click();
  return readFileSync(await (await file).path(), 'utf8');
}
