// The secretary of a comune, who asks for children, and answers for them.
import assert from 'node:assert/strict';
import { about, nameOf } from '../people.mjs';

const known = { family: 'Tereshchuk', given: 'Solomiia', born: '2014-05-06', sex: 'F' };
const another = { family: 'Tereshchuk', given: 'Solomiya', born: '2014-06-05', sex: 'F' };
const brother = { family: 'Tereshchuk', given: 'Danylo', born: '2016-09-21', sex: 'M' };

export async function comune(town) {
  const rita = await town.invited('Comune', 'Rho', 'Rita Fittizia');
  await rita.reads('Nulla da fare', rita.region('Da fare adesso'));
  await rita.looks('what waits');

  await rita.requests(known);
  await rita.reads('Ora tocca a: CTI ambito 23.');
  await rita.looks('a new case');

  // The same name, heard by another ear, and the day and the month the other way round: one is shown what is there, and goes on.
  await rita.follows('Nuova richiesta', rita.menu);
  await rita.looks('a request');
  await rita.fills(about(another));
  await rita.presses('Registra la richiesta');
  await rita.stands('Forse è già registrato');
  await rita.row(nameOf(known)).waitFor();
  await rita.looks('a similar case');

  // Half way the session ends. What was typed is there after signing in again, and the draft is found where drafts are.
  await rita.visit.context.clearCookies();
  await rita.presses(/^È un’altra persona/);
  await rita.reads('La sessione era scaduta');
  await rita.looks('signing in again');
  await rita.answersSignIn();
  await rita.reads('La sessione era scaduta: quello che avevi scritto è qui, salvato come bozza.');
  assert.equal(await rita.main.getByLabel('Cognome', { exact: true }).inputValue(), another.family);
  await rita.follows('Nuova richiesta', rita.menu);
  await rita.looks('a draft that waits');
  await rita.follows(`Riprendi ${nameOf(another)}`, rita.region('Le tue bozze'));
  for (const [label, typed] of [['Nome', another.given], ['Data di nascita', another.born]]) {
    assert.equal(await rita.main.getByLabel(label, { exact: true }).inputValue(), typed, `the draft has lost ${label}`);
  }
  await rita.presses('Registra la richiesta');
  await rita.presses(/^È un’altra persona/);
  await rita.reads('Richiesta registrata.');
  await rita.stands(nameOf(another));
  const second = new URL(rita.page.url()).pathname;

  // A brother brings the family's name along, and comes back to both cases.
  await rita.follows('Aggiungi un fratello o una sorella');
  assert.equal(await rita.main.getByLabel('Cognome', { exact: true }).inputValue(), brother.family);
  await rita.looks('a brother');
  await rita.fills(about(brother));
  await rita.presses('Registra la richiesta');
  await rita.reads('Richiesta registrata.');
  await rita.reads('CTI ambito 23', rita.region('Situazione'));
  await rita.reads(nameOf(another), rita.region('Fratelli e sorelle'));

  await rita.follows('Stampa la ricevuta');
  await rita.stands('Ricevuta della richiesta');
  await rita.reads(nameOf(brother));
  await rita.reads('CTI ambito 23', rita.region('Chi ce l’ha adesso'));
  await rita.page.emulateMedia({ media: 'print' });
  assert.equal(await rita.menu.isVisible(), false, 'the menu is printed');
  assert.ok(await rita.main.getByText(nameOf(brother)).first().isVisible());
  await rita.page.emulateMedia({ media: null });
  await rita.looks('the receipt');

  // The centre asks; the question waits for the comune, and the answer for the centre.
  const marco = await town.demo('cti');
  await marco.takes(brother);
  await marco.acts('Prendi in carico');
  await marco.acts('Chiedi un’integrazione', { Recapiti: true, Domanda: 'Serve un telefono della madre.' });
  await marco.findsNot(brother);
  await rita.takes(brother);
  await rita.reads('Serve un telefono della madre.');
  await rita.looks('a question that waits');
  await rita.acts('Rispondi alla richiesta', { Risposta: 'Il telefono è 000 1234567.' });
  await rita.findsNot(brother);
  await marco.takes(brother);
  await marco.reads('Il telefono è 000 1234567.');

  // What was asked for twice after all is withdrawn, and waits for nobody.
  await marco.finds(another);
  await rita.goes(second);
  await rita.follows('Ritira la richiesta');
  await rita.looks('withdrawing');
  await rita.main.getByRole('radio', { name: 'Inserita per errore' }).check();
  await rita.presses('Ritira la richiesta');
  await rita.reads('Fatto. La storia della pratica è aggiornata.');
  await marco.findsNot(another);
  await marco.finds(known);
}
