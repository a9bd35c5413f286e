// Those who work with it, each in a browser of their own: what they do is said in the words they read, through what they can see and press.
import assert from 'node:assert/strict';
import { around, inspect, narrowest, open, shoot, widths } from './chromium.mjs';

const phrase = 'quattro parole a caso'; // whoever is invited chooses it
const patience = 120_000; // ms; what is waited for is there long before, but on a machine that stands still

export class Town {
  #browser; #accounts; #all = []; #ust;

  constructor(browser, accounts) {
    this.#browser = browser;
    this.#accounts = accounts;
  }

  // One of the people whom the demo brings along.
  async demo(role, how) {
    const account = this.#accounts.find((a) => a.role === role);
    assert.ok(account, `the demo has no account for ${role}`);
    const person = await this.#arrives(role, account, how);
    await person.signIn();
    return person;
  }

  // Somebody invented whom the UST invites for a body: chooses a password by the code, and signs in.
  async invited(role, body, name, how) {
    this.#ust ??= await this.demo('ust');
    const username = `${name.toLowerCase().replace(/[^a-z]+/g, '.')}@example.org`;
    const code = await this.#ust.invites(role, body, name, username);
    const person = await this.comes(name, username, how);
    await person.activates(code);
    await person.signIn();
    return person;
  }

  // Somebody who has been invited and has not been in yet.
  comes(name, username, how) { return this.#arrives(name, { url: this.#accounts[0].url, username, password: phrase }, how); }

  async #arrives(name, account, how) {
    const person = new Person(name, account, await open(this.#browser, widths[0], how));
    this.#all.push(person);
    return person;
  }

  async leave() {
    for (const person of this.#all.splice(0)) await person.visit.context.close();
    this.#ust = undefined;
  }
}

export class Person {
  constructor(name, account, visit) {
    Object.assign(this, { name, account, visit, page: visit.page });
    this.page.setDefaultTimeout(patience);
  }

  get main() { return this.page.getByRole('main'); }
  get menu() { return this.page.getByRole('navigation', { name: 'Menu principale' }); }
  get query() { return this.main.getByRole('search'); }
  region(name) { return this.main.getByRole('region', { name }); }
  row(name) { return this.main.getByRole('row', { name }); }

  async goes(path) { await this.page.goto(new URL(path, this.account.url).href); }

  // Does what leads to another page, and is there when it has loaded.
  async leads(does) {
    await Promise.all([this.page.waitForEvent('load', { timeout: 2 * patience }), does()]);
  }

  async follows(name, within = this.main, exact = true) {
    await this.leads(() => within.getByRole('link', { name, exact }).first().click());
  }

  async presses(name, within = this.main) {
    await this.leads(() => within.getByRole('button', { name }).click());
  }

  // Opens what is folded away under some words, unless it is open already.
  async unfolds(words) {
    const summary = this.main.getByText(words, { exact: true });
    if (!(await summary.evaluate((e) => e.closest('details').open))) await summary.click();
  }

  // Answers questions by what they are called: a text or a day is typed, { choose } picks from a list, true ticks.
  async fills(answers, within = this.main) {
    for (const [label, answer] of Object.entries(answers)) {
      const field = within.getByLabel(label, { exact: true });
      if (answer === true) await field.check();
      else if (answer.choose) await field.selectOption({ label: answer.choose });
      else await field.fill(answer);
    }
  }

  async reads(text, within = this.main) { await within.getByText(text).first().waitFor(); }
  async stands(title) { await this.page.getByRole('heading', { level: 1, name: title }).waitFor(); }
  async readsNot(text, within = this.main) {
    assert.equal(await within.getByText(text).count(), 0, `${this.name} reads "${text}" on ${new URL(this.page.url()).pathname}`);
  }

  // The page one stands on holds what every page must hold, wide, narrow and by keyboard; nothing of it is lost by looking.
  async looks(at) {
    for (const width of widths) {
      await this.page.setViewportSize({ width, height: 900 });
      await inspect(this.visit, `${this.name}, ${at}, at ${width} px`, width);
      await shoot(this.page, this.page.url(), width, `${this.name}-${at}`.replaceAll(' ', '-'));
    }
    await narrowest(this.visit, `${this.name}, ${at}`);
    await this.page.setViewportSize({ width: widths[0], height: 900 });
    await around(this.visit, `${this.name}, ${at}`);
  }

  async signIn() {
    if (new URL(this.page.url()).pathname !== '/accedi') await this.goes('/accedi');
    await this.answersSignIn();
    await this.stands(/^Buongiorno/);
  }

  async answersSignIn() {
    await this.fills({ 'Nome utente': this.account.username, Password: this.account.password });
    await this.presses('Accedi');
  }

  async choosesPassword(code) {
    await this.goes('/attiva');
    await this.fills({ 'Codice d’invito': code, 'Nuova password': this.account.password, 'Ripeti la nuova password': this.account.password });
    await this.presses('Attiva');
  }

  async isKeptOut(code) {
    await this.choosesPassword(code);
    await this.main.getByRole('alert').waitFor();
    await this.stands('Attiva il tuo accesso');
  }

  async activates(code) {
    await this.choosesPassword(code);
    await this.reads('La password è scelta. Ora puoi accedere.');
  }

  // The code that lets somebody in for the first time.
  async invites(role, body, name, username) {
    await this.goes('/utenze/nuova');
    await this.fills({ 'Nome e cognome': name, 'Nome utente': username });
    await this.main.getByRole('radio', { name: role, exact: true }).check();
    if (role === 'Scuola') await this.fills({ 'Istituzione scolastica (facoltativo)': body });
    else if (body) await this.main.getByRole('combobox', { name: role }).selectOption({ label: body });
    await this.presses('Invita una persona');
    await this.stands('Invito pronto');
    return (await this.main.getByRole('definition').first().innerText()).trim();
  }

  // Goes on with Tab until something has the focus, as whoever has no mouse.
  async tabsTo(target) {
    for (let i = 0; i < 150; i++) {
      if (await target.evaluate((e) => e === document.activeElement)) return;
      await this.page.keyboard.press('Tab');
    }
    assert.fail(`${this.name} does not come to ${target} by keyboard`);
  }

  // Tab, then Enter, on what leads to another page.
  async enters(target) {
    await this.tabsTo(target);
    await this.leads(() => this.page.keyboard.press('Enter'));
  }

  // Looks at a page until it shows what another person did: a list may know it a moment later.
  async seesOn(path, target) {
    for (const until = Date.now() + patience; ;) {
      await this.goes(path);
      try {
        await target.waitFor({ timeout: 500 });
        return target;
      } catch {
        assert.ok(Date.now() < until, `${this.name} does not see ${target} on ${path}: ${await this.main.innerText()}`);
      }
    }
  }

  // What waits for one's body, on the page where one lands.
  finds(child) { return this.seesOn('/', this.#waiting(child)); }

  async findsNot(child) {
    for (const until = Date.now() + patience; ;) {
      await this.goes('/');
      if (await this.#waiting(child).count() === 0) return;
      assert.ok(Date.now() < until, `${nameOf(child)} still waits for ${this.name}`);
    }
  }

  #waiting(child) { return this.region('Da fare adesso').getByRole('link', { name: nameOf(child), exact: true }); }

  // Opens the case that waits.
  async takes(child) {
    const link = await this.finds(child);
    await this.leads(() => link.click());
    await this.stands(nameOf(child));
  }

  // Carries out what a case offers: by the link of that name, the answers, and the button of that name.
  async acts(name, answers = {}) {
    await this.follows(name);
    await this.stands(name);
    await this.fills(answers);
    await this.presses(name);
    await this.reads('Fatto. La storia della pratica è aggiornata.');
  }

  // Registers a child, and stands on the new case.
  async requests(child, more = {}) {
    await this.follows('Nuova richiesta', this.menu);
    await this.fills({ ...about(child), ...more });
    await this.presses('Registra la richiesta');
    await this.stands(nameOf(child));
    await this.reads('Richiesta registrata.');
    return new URL(this.page.url()).pathname;
  }

  // Offers the case one stands on to a school, by its code.
  async offers(school) {
    await this.follows('Proponi a una scuola');
    await this.chooses(school);
    await this.presses('Proponi a una scuola');
    await this.reads('Fatto. La storia della pratica è aggiornata.');
  }

  // Chooses a school to offer: among the first of the ranking, or by its code.
  async chooses(school) {
    const first = this.main.getByRole('radio', { name: school });
    if (await first.count()) return first.check();
    await this.main.getByRole('radio', { name: 'Un’altra scuola' }).check();
    await this.fills({ 'Codice dell’altra scuola (facoltativo)': school });
  }

  // Declares places of a class at a site of the school's.
  async declares(site, level, free) {
    await this.follows('Posti', this.menu);
    await this.follows(/^Aggiorna/, this.region(site), false);
    await this.main.getByRole('group', { name: level }).getByLabel(/^Posti liberi/).fill(String(free));
    await this.presses('Salva e conferma');
    await this.reads(/^Posti salvati/);
  }
}

export const nameOf = (child) => `${child.family} ${child.given}`;

// The questions about a child that every form asks.
export const about = (child) => ({ Cognome: child.family, Nome: child.given, 'Data di nascita': child.born, [child.sex === 'F' ? 'Femmina' : 'Maschio']: true });
