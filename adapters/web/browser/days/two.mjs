// Two people on one case: the slower one is told who changed what, and loses nothing that was typed.
import assert from 'node:assert/strict';

const child = { family: 'Yavorska', given: 'Emiliia', born: '2015-07-07', sex: 'F' };

export async function two(town) {
  const omar = await town.invited('Comune', 'Pioltello', 'Omar Finzione');
  const quick = await town.invited('Centro', 'CTI ambito 24', 'Vera Lesta');
  const slow = await town.invited('Centro', 'CTI ambito 24', 'Pino Calma');
  await omar.requests(child);
  await quick.takes(child);
  await quick.acts('Prendi in carico');

  // What both could still do is asked again, with what happened in between above it.
  await slow.takes(child);
  await slow.follows('Chiedi un’integrazione');
  await slow.fills({ Recapiti: true, Domanda: 'Un telefono della madre?' });
  await quick.acts('Aggiungi una nota', { Nota: 'Sentita la madre al telefono.' });
  await slow.presses('Chiedi un’integrazione');
  await slow.reads('Nel frattempo qualcuno ha cambiato la pratica');
  await slow.reads('Sentita la madre al telefono.');
  await slow.reads('· CTI ambito 24');
  assert.equal(await slow.main.getByLabel('Domanda', { exact: true }).inputValue(), 'Un telefono della madre?');
  assert.ok(await slow.main.getByRole('radio', { name: 'Recapiti' }).isChecked());
  await slow.looks('too late');
  await slow.presses('Chiedi un’integrazione');
  await slow.reads('Fatto. La storia della pratica è aggiornata.');
  await omar.takes(child);
  await omar.reads('Un telefono della madre?');

  // What cannot be done any more says why, and what was typed can be copied.
  await omar.follows('Rispondi alla richiesta');
  await omar.fills({ Risposta: 'Eccolo: 000 7654321.' });
  const other = await town.invited('Comune', 'Pioltello', 'Tea Collega');
  await other.takes(child);
  await other.acts('Rispondi alla richiesta', { Risposta: 'Non lo abbiamo.' });
  await omar.presses('Rispondi alla richiesta');
  await omar.reads('Adesso non si può fare');
  await omar.reads('· Comune di Pioltello');
  await omar.reads('Non lo abbiamo.');
  await omar.reads('Eccolo: 000 7654321.');
  await omar.looks('no longer');
  await quick.finds(child);
}
