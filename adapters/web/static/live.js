// Keeps a page up to date while it is looked at: figures are replaced where they stand; of lists it only says that they have changed, and
// moves nothing that somebody reads. It hears of changes from a stream, or where none comes through by asking now and then.
"use strict";

const pollEvery = 30_000;
const sayEvery = 10_000;
const firstWithin = 10_000; // a proxy that gathers answers lets nothing through
const streamAgain = 10; // polls

class Live {
  constructor(box) {
    this.box = box;
    this.state = box.querySelector("[data-state]");
    this.said = box.querySelector("[data-said]");
    this.news = box.querySelector("[data-news]");
    this.figures = "figures" in box.dataset ? figures() : null;
    this.known = null;
    this.tag = "";
    this.polls = 0;
    document.addEventListener("visibilitychange", () => this.look());
    addEventListener("pagehide", () => this.rest());
    addEventListener("pageshow", (event) => event.persisted && this.look());
    this.look();
  }

  // A page that nobody sees takes no stream from others.
  look() {
    if (document.visibilityState === "hidden") this.rest();
    else if (!this.source && !this.timer && !this.over) this.listen();
  }

  rest() {
    this.source?.close();
    clearTimeout(this.timer);
    clearTimeout(this.patience);
    this.source = this.timer = null;
  }

  listen() {
    if (!window.EventSource) {
      this.poll();
      return;
    }
    this.source = new EventSource(this.box.dataset.live);
    this.patience = setTimeout(() => this.fall(), firstWithin);
    this.source.onopen = () => { this.whole = true; };
    this.source.onmessage = (event) => {
      clearTimeout(this.patience);
      this.show(this.box.dataset.direct);
      this.take(JSON.parse(event.data), this.whole);
      this.whole = false;
    };
    this.source.onerror = () => {
      clearTimeout(this.patience);
      if (this.source.readyState === EventSource.CLOSED) this.fall();
      else this.patience = setTimeout(() => this.fall(), firstWithin);
    };
  }

  fall() {
    this.rest();
    this.poll();
  }

  async poll() {
    this.timer = setTimeout(() => (++this.polls % streamAgain ? this.poll() : this.again()), pollEvery);
    try {
      const answer = await fetch(this.box.dataset.live, { headers: { Accept: "application/json", ...(this.tag ? { "If-None-Match": this.tag } : {}) } });
      if (answer.redirected || answer.status === 403 || answer.status === 404) {
        this.over = true; // whoever is signed out asks no more
        this.rest();
        this.show(this.box.dataset.over);
        return;
      }
      if (answer.ok) {
        this.tag = answer.headers.get("ETag") ?? "";
        this.take(await answer.json(), true);
      }
      if (answer.ok || answer.status === 304) this.show(this.box.dataset.polled);
    } catch {
      this.show("");
    }
  }

  again() {
    this.timer = null;
    this.listen();
  }

  show(words) {
    if (!this.state || this.state.textContent === (words ?? "")) return;
    this.state.textContent = words ?? "";
    this.state.hidden = !words;
  }

  // All of it comes first, then what differs.
  take(told, whole) {
    if (!this.figures) this.compare(told.figures);
    else if (this.replace(told, whole)) this.announce(told.when);
  }

  // The first answer is what the page was made of.
  compare(figures) {
    if (this.known && Object.entries(figures).some(([key, figure]) => this.known[key] !== figure)) this.tell();
    this.known = { ...this.known, ...figures };
  }

  tell() {
    if (!this.news.hidden) return;
    this.news.hidden = false;
    this.said.textContent = this.news.textContent;
  }

  replace({ at, when, figures, tones = {} }, whole) {
    let changed = false;
    if (whole && [...this.figures.keys()].some((key) => !(key in figures))) this.tell();
    for (const [key, figure] of Object.entries(figures)) {
      const place = this.figures.get(key);
      if (!place || !figure) {
        this.tell();
        continue;
      }
      const words = place.querySelector("a") ?? place;
      if (words.textContent === figure) continue;
      words.textContent = figure;
      place.classList.toggle("nil", place.matches(".matrix td") && figure === "0");
      mark(place);
      if (tones[key]) place.closest(".tile").className = `tile tone-${tones[key]}`;
      changed = true;
    }
    if (!changed) return false;
    for (const bars of document.querySelectorAll("table.bars")) draw(bars);
    const time = document.querySelector("[data-when] time");
    if (time) [time.dateTime, time.textContent] = [at, when];
    return true;
  }

  // Once in a while, however much happens.
  announce(when) {
    this.hour = when.slice(-5);
    this.saying ??= setTimeout(() => {
      this.saying = null;
      this.said.textContent = `${this.box.dataset.updated} ${this.hour}`;
    }, sayEvery);
  }
}

// The places of the figures by the keys that the server gives them.
function figures() {
  const places = new Map();
  for (const part of document.querySelectorAll("[data-part]")) {
    part.querySelectorAll(".tile-value").forEach((value, i) => places.set(`${part.dataset.part}/${i}`, value));
    for (const row of part.querySelectorAll("table.bars tr[data-row]")) {
      places.set(`${row.closest("table").caption.textContent}/${row.dataset.row}`, row.querySelector("td.numeric"));
    }
    for (const row of part.querySelectorAll("table.matrix tr[data-row]")) {
      const table = row.closest("table").caption.id;
      row.querySelectorAll("td").forEach((cell, i) => places.set(`${table}/${row.dataset.row}/${i}`, cell));
    }
  }
  return places;
}

// The lengths of bars are in proportion; a figure that is not told is as long as one.
function draw(bars) {
  const rows = [...bars.querySelectorAll("tr[data-row]")];
  const numbers = rows.map((row) => row.querySelector("td.numeric").textContent.trim()).map((words) => (/^[\d.,]+$/.test(words) ? Number(words.replace(/[.,]/g, "")) : 1));
  const most = Math.max(1, ...numbers);
  rows.forEach((row, i) => {
    row.querySelector("svg")?.setAttribute("viewBox", `0 0 ${most} 1`);
    row.querySelector("rect")?.setAttribute("width", numbers[i]);
  });
}

// What changed can be seen for a moment.
function mark(place) {
  place.classList.remove("fresh");
  requestAnimationFrame(() => place.classList.add("fresh"));
}

for (const box of document.querySelectorAll("[data-live]")) new Live(box);
