// Whoever runs the service: for the great roles two persons are needed, and the pages say whether it works.
import assert from 'node:assert/strict';

export async function admin(town, operate) {
  const anna = await town.demo('admin');
  await anna.looks('the service');

  // A second administrator: the first cannot agree with themselves, so the operator at the machine does.
  const second = { name: 'Bruno Secondo', username: 'bruno.secondo@example.org' };
  const code = await anna.invites('Amministrazione del servizio', '', second.name, second.username);
  await anna.reads('L’invito aspetta una seconda persona');
  await anna.looks('an invitation that waits');
  await anna.follows('Vai all’utenza');
  await anna.follows('Approva');
  await anna.presses('Approva');
  await anna.reads('Deve confermarlo un’altra persona: l’hai chiesto tu.');
  await anna.looks('an approval of one’s own');
  await operate('account', 'approve', '--user', second.username);
  const bruno = await town.comes(second.name, second.username);
  await bruno.activates(code);
  await bruno.signIn();

  // From here on the two of them let others in.
  const third = { name: 'Carla Terza', username: 'carla.terza@example.org' };
  const another = await anna.invites('Ufficio scolastico territoriale', '', third.name, third.username);
  const carla = await town.comes(third.name, third.username);
  await carla.isKeptOut(another);
  await bruno.follows('Utenze', bruno.menu);
  await bruno.leads(() => bruno.row(third.name).getByRole('link').first().click());
  await bruno.follows('Approva');
  await bruno.looks('approving');
  await bruno.presses('Approva');
  await bruno.reads('L’invito è approvato: ora il codice funziona.');
  await carla.activates(another);
  await carla.signIn();
  await carla.menu.getByRole('link', { name: 'Doppioni' }).waitFor();

  // Suspended, and let in again.
  await bruno.follows('Sospendi');
  await bruno.looks('suspending');
  await bruno.main.getByRole('radio').first().check();
  await bruno.presses('Sospendi');
  await bruno.reads('L’utenza è sospesa e gli accessi aperti sono chiusi.');
  await carla.goes('/pratiche');
  await carla.stands('Accedi');
  await bruno.follows('Riattiva');
  await bruno.presses('Riattiva');
  await bruno.reads('L’utenza è di nuovo attiva.');
  await carla.answersSignIn();
  await carla.stands('Pratiche'); // where she was going
  await bruno.looks('an account');

  await anna.follows('Funzionamento', anna.menu);
  await anna.reads('Nessuna operazione è ferma');
  const views = anna.main.getByRole('table', { name: 'Stato degli elenchi' }).getByRole('row');
  assert.equal(await views.filter({ hasText: 'Aggiornato' }).count(), await views.count() - 1, 'a view is behind');
  await anna.looks('how it works');
  await anna.follows('Avvisi spediti');
  await anna.looks('what was sent');
  await anna.goes('/pratiche');
  await anna.readsNot(/Elenco delle pratiche/);
}
