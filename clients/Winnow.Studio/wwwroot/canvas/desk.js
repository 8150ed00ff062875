// The shapes of one picture: which there are, which is selected, and the steps back. Shapes are never changed in place, so a step back is
// the list of before. What happened is told to the page, a little later and once for several. How one is mended stands in mend.js, how one is
// drawn in pen.js.

import { areaOf, boundsOf, distanceTo, gripsOf, holds, ringsOf } from "./geometry.js";
import { Brush } from "./brush.js";
import { keep } from "./drafts.js";
import { drawOverlay } from "./overlay.js";
import { summaryOf } from "./summary.js";
import { View } from "./view.js";

const tellAfter = 40;
const sameRun = 1200;

export class Desk {
  constructor(host, config, told) {
    this.config = config;
    this.told = told;
    this.view = new View(host, () => this.#drawn());
    this.tool = new Brush(this);
    this.places = new Map(config.classes.map((one, place) => [one.name, place]));
    [this.class, this.how, this.crosshair, this.bright, this.contrast] = [config.classes.findIndex((c) => c.open), "drag", true, 100, 100];
    this.#clear();
  }

  dispose() {
    this.disposed = true;
    clearTimeout(this.telling);
    this.view.dispose();
  }

  #clear() {
    Object.assign(this, { entries: [], at: -1, corner: -1, live: null, pending: null, armed: null, brush: null, cross: null, byKeys: false,
      alone: false, hidden: false, undone: [], steps: [], said: "", keys: 0, ghosts: 0 });
  }

  open({ url, width, height, shapes, draft, extra, asked }) {
    this.#clear();
    [this.width, this.height, this.draft, this.extra] = [width, height, draft, extra];
    this.entries = shapes.map((it) => ({ key: ++this.keys, it, asked }));
    this.size = Math.max(1, Math.round(Math.min(width, height) / 50));
    this.view.open(url, width, height);
    this.view.tell({ clear: true, items: this.entries.map((e) => this.#item(e)) });
    this.choose();
    this.view.host.dataset.image = draft?.split("\n").at(-1) ?? "";
    this.tell();
  }

  // ---------- What there is ----------

  get entry() { return this.entries[this.at]; }
  get selected() { return this.live ?? this.entry?.it; }
  get colour() { return (this.class % 8) + 1; }
  get shapes() { return this.entries.map((e) => e.it); }

  placeOf(shape) { return this.places.get(shape.class) ?? 0; }
  colourOf(shape) { return (this.placeOf(shape) % 8) + 1; }
  nameOf(shape) { return this.config.classes[this.placeOf(shape)].title ?? shape.class; }
  boundsOf(shape) { return boundsOf(shape); }

  linksOf(shape) {
    const flat = this.config.classes[this.placeOf(shape)].skeleton ?? [];
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  }

  takes(kind) { return this.config.geometries.includes(kind); }

  get first() { return this.config.geometries.find((g) => g !== "class") ?? "box"; }

  #item({ key, it, asked }) {
    const { left, top, right, bottom } = boundsOf(it);
    const place = this.placeOf(it);
    const sure = it.confidence == null ? "" : ` ${it.confidence.toFixed(2).replace(/^0/, "")}`;
    return {
      key, left, top, right, bottom, dashed: asked, colour: this.config.colours[place % 8],
      upright: it.type === "box" && !it.box.rotation, closed: it.type !== "polyline", area: it.type === "polygon",
      rings: ringsOf(it), name: this.nameOf(it) + sure,
      ...(it.type === "keypoints" ? { dots: gripsOf(it), links: this.linksOf(it) } : {}),
      ...(it.type === "mask" ? { mask: it.mask } : {}),
    };
  }

  // ---------- Changes, and back ----------

  // Puts another list in the place of this one. Steps of one run, such as a key that is held, are one step back.
  commit(entries, at, run = null) {
    const now = performance.now();
    if (!run || run !== this.run || now - this.ranAt > sameRun) this.steps.push({ entries: this.entries, at: this.at });
    [this.run, this.ranAt, this.undone] = [run, now, []];
    this.#put(entries, at);
  }

  #put(entries, at) {
    const before = new Map(this.entries.map((e) => [e.key, e]));
    const items = [];
    for (const entry of entries) {
      if (before.get(entry.key) !== entry) items.push(this.#item(entry));
      before.delete(entry.key);
    }
    [this.entries, this.live] = [entries, null];
    this.select(at, false);
    this.view.tell({ items, gone: [...before.keys()] });
    this.#keep();
    this.tell();
  }

  #keep() {
    if (!this.draft) return;
    keep({ key: this.draft, at: Date.now(), shapes: this.shapes, extra: this.extra })
      .catch((error) => { this.trouble = String(error?.message ?? error); this.tell(); });
  }

  // What was proposed is somebody's word now.
  accept() {
    this.entries = this.entries.map((e) => e.asked ? { ...e, asked: false } : e);
    this.view.tell({ items: this.entries.map((e) => this.#item(e)) });
    this.#keep();
    this.tell();
  }

  finishDraft() {
    if (this.draft) keep({ key: this.draft, at: Date.now(), shapes: this.shapes, extra: this.extra, done: true }).catch(() => {});
    this.draft = undefined;
  }

  // What else belongs to the draft, such as which question is asked.
  note(extra) {
    this.extra = extra;
    this.#keep();
  }

  // A shape in another form. What a person changed is no machine's word any more; whose it was stays.
  change(it, run) {
    if (!this.entry || it === this.entry.it || it == null) return;
    const { confidence: _, ...own } = it;
    this.commit(this.entries.with(this.at, { ...this.entry, it: own, asked: false }), this.at, run && `${run} ${this.entry.key}`);
  }

  add(it) {
    this.commit([...this.entries, { key: ++this.keys, it, asked: false }], this.entries.length);
    this.say("drawn");
  }

  remove() {
    if (!this.entry) return false;
    this.commit(this.entries.toSpliced(this.at, 1), -1);
    this.say("removed");
    return true;
  }

  // Another label set in the place of this one.
  replaceAll(shapes) {
    this.commit(shapes.map((it) => ({ key: ++this.keys, it, asked: false })), -1);
    this.view.fit();
  }

  // What others said and is not part of this label set: seen, and not to be worked at.
  showGhosts(shapes) {
    const items = shapes.map((it, i) => ({ ...this.#item({ key: `ghost ${i}`, it, asked: true }), colour: "#fff", name: "" }));
    const gone = Array.from({ length: Math.max(this.ghosts - items.length, 0) }, (_, i) => `ghost ${items.length + i}`);
    this.ghosts = items.length;
    this.view.tell({ items, gone });
  }

  removeAll() { if (this.entries.length > 0) this.commit([], -1); }

  back() { return this.#step(this.steps, this.undone, "undone"); }

  forth() { return this.#step(this.undone, this.steps, "done again"); }

  #step(from, to, words) {
    if (from.length === 0) return false;
    to.push({ entries: this.entries, at: this.at });
    const { entries, at } = from.pop();
    this.run = null;
    this.#put(entries, at);
    this.tool.reload();
    this.say(words);
    return true;
  }

  // ---------- Selection ----------

  select(at, show = false) {
    if (at !== this.at) this.corner = -1;
    this.at = at >= 0 && at < this.entries.length ? at : -1;
    if (this.at < 0) this.alone = false;
    if (this.corner >= 0 && this.corner >= gripsOf(this.selected).length) this.corner = -1;
    if (show && this.entry) this.view.goTo(boundsOf(this.entry.it));
    this.choose();
    this.tell();
  }

  // The worker leaves out what is worked at.
  choose() {
    this.view.choice = { without: this.hidden ? undefined : this.entry?.key, hidden: this.hidden, alone: this.alone };
    this.view.turned();
  }

  // The next shape, or the one before; false where there is none, so that whoever leaves by keys is let go.
  next(by) {
    if (this.entries.length === 0) return false;
    const to = this.at < 0 ? (by > 0 ? 0 : this.entries.length - 1) : this.at + by;
    if (to < 0 || to >= this.entries.length) { this.select(-1); this.view.fit(); return false; }
    this.select(to, true);
    return true;
  }

  grab(by) {
    const grips = this.selected ? gripsOf(this.selected) : [];
    if (grips.length === 0) return false;
    this.corner = this.corner < 0 ? (by > 0 ? 0 : grips.length - 1) : (this.corner + by + grips.length) % grips.length;
    const { x, y } = grips[this.corner];
    this.view.reveal(x, y);
    this.tell();
    return true;
  }

  // What lies under a place: outlines first, then the smallest that holds it.
  under(x, y) {
    const near = 6 / this.view.scale;
    let [best, least] = [-1, Infinity];
    this.entries.forEach(({ it }, at) => {
      const { left, top, right, bottom } = boundsOf(it);
      if (x < left - near || x > right + near || y < top - near || y > bottom + near) return;
      const rank = distanceTo(it, x, y) <= near ? distanceTo(it, x, y) - 1e12 : holds(it, x, y) ? areaOf(it) : Infinity;
      if (rank < least) [best, least] = [at, rank];
    });
    return { at: best, onLine: least < 0 };
  }

  // ---------- Telling ----------

  say(words) { this.said = words; this.tell(); }

  #drawn() { drawOverlay(this); }

  tell() {
    this.view.soon();
    this.telling ||= setTimeout(() => {
      this.telling = 0;
      if (!this.disposed) this.told(JSON.stringify(summaryOf(this)));
    }, tellAfter);
  }
}
