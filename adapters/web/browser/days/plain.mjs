// From the request to the school's yes in a browser without JavaScript.
const child = { family: 'Rudenko', given: 'Anfisa', born: '2014-12-01', sex: 'F' }; // 3ª primaria
const school = { institution: 'ZZIC00116X', site: 'ZZEE00116X' };

export async function plain(town) {
  const without = { javaScriptEnabled: false };
  const lea = await town.invited('Comune', 'Legnano', 'Lea Pretesa', without);
  const ezio = await town.invited('Centro', 'CTI ambito 26', 'Ezio Finto', without);
  const mara = await town.invited('Scuola', school.institution, 'Mara Supposta', without);
  await mara.declares(school.site, '3ª primaria', 1);
  await lea.requests(child);
  await ezio.takes(child);
  await ezio.acts('Prendi in carico');
  await ezio.offers(school.site);
  await ezio.findsNot(child);
  await mara.takes(child);
  await mara.acts('Accogli la proposta', { 'Sezione (facoltativo)': 'A' });
  await mara.reads('Accolta, primo giorno da registrare');
  await lea.seesOn('/pratiche', lea.row(new RegExp(`${child.family}.*Accolta`)));
}
