// The shapes of one picture and what is done to them, by keys and pointers alike. Shapes are never changed in place, so a step back is the
// list of before. What happened is told to the page, a little later and once for several.

import { areaOf, boundsOf, boxAround, distanceTo, gripAdded, gripMoved, gripRemoved, gripsOf, holds, moved, ringsOf, sized, turned }
  from "./geometry.js";
import { countOf } from "./masks.js";
import { keep } from "./drafts.js";
import { drawOverlay } from "./overlay.js";
import { Brush } from "./brush.js";
import { View } from "./view.js";

const tellAfter = 40;
const sameRun = 1200;
const mostRows = 14;

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
    this.#choose();
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
      rings: ringsOf(it), name: (this.config.classes[place].title ?? it.class) + sure,
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
    this.#choose();
    this.tell();
  }

  // The worker leaves out what is worked at.
  #choose() {
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

  // ---------- Arrows ----------

  arrow(dx, dy, { ten, control, turn }, run) {
    const step = control && this.isDrawing ? 100 : ten ? 10 : 1;
    run += turn ? " turn" : control ? " size" : this.corner;
    if (this.isDrawing) return this.moveCross(dx * step, dy * step);
    if (!this.entry) {
      if (control || turn) return false;
      this.view.pan(-dx * 8 * (ten ? 20 : 6), -dy * 8 * (ten ? 20 : 6));
      return true;
    }
    const { it } = this.entry;
    if (turn) this.change(turned(it, (dx || dy) * (ten ? 10 : 1)), run);
    else if (control) this.change(sized(it, dx * step, dy * step, this.width, this.height), run);
    else if (this.corner >= 0) {
      const grip = gripsOf(it)[this.corner];
      this.change(gripMoved(it, this.corner, grip.x + dx * step, grip.y + dy * step, this.width, this.height), run);
    } else this.change(moved(it, dx * step, dy * step, this.width, this.height), run);
    if (this.entry) {
      const { left, top, right, bottom } = boundsOf(this.entry.it);
      this.view.reveal((left + right) / 2, (top + bottom) / 2);
    }
    return true;
  }

  get isDrawing() { return !!(this.armed || this.pending || this.brush); }

  moveCross(dx, dy) {
    this.cross ??= this.#middle();
    this.byKeys = true;
    this.cross = { x: Math.min(Math.max(this.cross.x + dx, 0), this.width), y: Math.min(Math.max(this.cross.y + dy, 0), this.height) };
    this.view.reveal(this.cross.x, this.cross.y);
    this.view.soon();
    this.tell();
    return true;
  }

  #middle() {
    const { x, y } = this.view.toPicture(this.view.across / 2, this.view.down / 2);
    return { x: Math.round(Math.min(Math.max(x, 0), this.width)), y: Math.round(Math.min(Math.max(y, 0), this.height)) };
  }

  // ---------- Drawing ----------

  // From now on places are set for a new shape.
  arm(kind, byKeys = true) {
    if (kind !== "fill" && !this.takes(kind)) return false;
    if (kind !== "fill") this.select(-1);
    this.tool.leave();
    Object.assign(this, { armed: kind, pending: null, byKeys });
    this.cross ??= this.#middle();
    this.say(`${kind}: set ${kind === "keypoints" ? this.#pointName(0) : "the first place"}`);
    this.view.soon();
    return true;
  }

  leave() {
    if (this.pending?.kind === "keypoints" && this.pending.points.some((p) => p[2] > 0)) { this.finish(); return true; }
    if (this.pending || this.armed) Object.assign(this, { pending: null, armed: null });
    else if (this.brush) this.tool.leave();
    else if (this.corner >= 0) this.corner = -1;
    else if (this.entry) { this.select(-1); this.view.fit(); }
    else return false;
    this.view.soon();
    this.tell();
    return true;
  }

  // One more place of what is being drawn.
  place(x, y, seen = 2) {
    const kind = this.pending?.kind ?? this.armed ?? this.first;
    this.pending ??= { kind, points: [], class: this.config.classes[this.class].name };
    const { points } = this.pending;
    [x, y] = [Math.round(Math.min(Math.max(x, 0), this.width)), Math.round(Math.min(Math.max(y, 0), this.height))];
    const last = points.at(-1), first = points[0];
    const near = this.byKeys ? 0 : 7 / this.view.scale;
    const closes = (kind === "polygon" || kind === "fill") && points.length > 2 && Math.hypot(x - first[0], y - first[1]) <= near;
    const again = last && kind !== "box" && kind !== "text" && Math.hypot(x - last[0], y - last[1]) <= near / 3;
    if (kind === "keypoints") {
      const count = this.config.classes[this.class].keypoints?.length;
      if (again && !count) return this.finish();
      points.push(seen === 0 ? [0, 0, 0] : [x, y, seen]);
      if (points.length === count) return this.finish();
      this.say(`set ${this.#pointName(points.length)}`);
    } else if (again || closes) return this.finish();
    else {
      points.push([x, y]);
      if (points.length === (kind === "box" ? (this.how === "extremes" ? 4 : 2) : kind === "text" ? 2 : Infinity)) return this.finish();
      this.say(`place ${points.length} set`);
    }
    this.view.soon();
    this.tell();
  }

  #pointName(at) { return this.config.classes[this.class].keypoints?.[at] ?? `point ${at + 1}`; }

  finish() {
    const { kind, points } = this.pending;
    const least = kind === "polygon" || kind === "fill" ? 3 : kind === "keypoints" ? 1 : 2;
    const around = kind === "box" || kind === "text" ? boxAround(points) : null;
    const isFlat = around ? around.width < 1 || around.height < 1 : points.length < least;
    if (isFlat) {
      if (around) points.pop();
      this.say(around ? "it needs a width and a height" : `it needs ${least} places at least`);
      this.view.soon();
      this.tell();
      return;
    }
    const name = this.config.classes[this.class].name;
    Object.assign(this, { pending: null, armed: null });
    if (kind === "fill") return this.tool.fill(points.flat());
    if (kind === "box") this.add({ type: "box", class: name, box: around });
    else if (kind === "text") {
      const { x, y, width, height } = around;
      this.add({ type: "text", class: name, points: [x, y, x + width, y, x + width, y + height, x, y + height], text: "" });
    } else if (kind === "keypoints") {
      const rest = Array(Math.max((this.config.classes[this.class].keypoints?.length ?? 0) - points.length, 0)).fill([0, 0, 0]);
      this.add({ type: "keypoints", class: name, points: [...points, ...rest].flat() });
    } else this.add({ type: kind, class: name, points: points.flat() });
  }

  // ---------- Single acts ----------

  setClass(place) {
    const one = this.config.classes[place];
    if (!one?.open) return;
    const shape = this.entry?.it;
    if (shape?.type === "keypoints" && one.keypoints && one.keypoints.length * 3 !== shape.points.length)
      return this.say(`${one.title ?? one.name} has ${one.keypoints.length} keypoints: draw it anew`);
    this.class = place;
    if (this.pending) this.pending.class = one.name;
    if (shape) {
      const kept = Object.entries(shape.attributes ?? {}).filter(([name]) => {
        const of = this.config.attributes.find((a) => a.name === name)?.classes ?? [];
        return of.length === 0 || of.includes(one.name);
      });
      const { attributes: _, ...rest } = shape;
      this.change({ ...rest, class: one.name, ...(kept.length > 0 ? { attributes: Object.fromEntries(kept) } : {}) });
    }
    this.say(one.title ?? one.name);
    this.tell();
  }

  setAttribute(name, value) {
    if (!this.entry) return;
    const { attributes: before, ...rest } = this.entry.it;
    const attributes = { ...before };
    if (value === null) delete attributes[name];
    else attributes[name] = value;
    this.change({ ...rest, ...(Object.keys(attributes).length > 0 ? { attributes } : {}) }, `attribute ${name}`);
  }

  setText(text) { if (this.entry?.it.type === "text") this.change({ ...this.entry.it, text }, "text"); }

  see(at, seen) {
    const shape = this.entry?.it;
    if (shape?.type !== "keypoints" || at < 0) return false;
    if (seen === 0) this.change(gripRemoved(shape, at));
    else {
      const was = shape.points[3 * at + 2];
      if (was > 0) this.change({ ...shape, points: shape.points.with(3 * at + 2, was === seen ? 2 : seen) });
    }
    return true;
  }

  addGrip() {
    if (!this.entry || this.corner < 0) return false;
    const more = gripAdded(this.entry.it, this.corner);
    if (more === this.entry.it) return false;
    this.change(more);
    this.corner++;
    return true;
  }

  removeGrip() {
    if (this.corner < 0 || !this.entry) return false;
    const less = gripRemoved(this.entry.it, this.corner);
    if (!less) return false;
    this.change(less);
    this.corner = Math.min(this.corner, gripsOf(less).length - 1);
    return true;
  }

  copy() {
    if (!this.entry || this.entry.it.type === "mask") return false;
    const { confidence: _, source: __, id: ___, ...own } = this.entry.it;
    const by = Math.max(Math.round(10 / this.view.scale), 1);
    const there = moved(own, by, by, this.width, this.height);
    this.add(boundsOf(there).left === boundsOf(own).left ? moved(own, -by, -by, this.width, this.height) : there);
    return true;
  }

  lookBy(bright, contrast) {
    this.bright = Math.min(Math.max(this.bright + bright, 30), 250);
    this.contrast = Math.min(Math.max(this.contrast + contrast, 30), 250);
    this.view.look(this.bright === 100 && this.contrast === 100 ? "" : `brightness(${this.bright}%) contrast(${this.contrast}%)`);
    this.tell();
  }

  hide(all) {
    if (all) this.hidden = !this.hidden;
    else this.alone = !this.alone && this.at >= 0;
    this.#choose();
    this.tell();
  }

  // ---------- Telling ----------

  say(words) { this.said = words; this.tell(); }

  #drawn() { drawOverlay(this); }

  tell() {
    this.view.soon();
    this.telling ||= setTimeout(() => {
      this.telling = 0;
      if (!this.disposed) this.told(JSON.stringify(this.#summary()));
    }, tellAfter);
  }

  #summary() {
    const first = Math.max(0, Math.min((this.at < 0 ? 0 : this.at) - 5, this.entries.length - mostRows));
    const { points: _, rings: __, mask: ___, ...selected } = this.entry?.it ?? {};
    return {
      draft: this.draft ?? null, count: this.entries.length, at: this.at, corner: this.corner, corners: this.entry ? gripsOf(this.entry.it).length : 0,
      place: this.class, how: this.how, armed: this.pending?.kind ?? this.armed, set: this.pending?.points.length ?? 0,
      brush: this.brush, size: this.size, crosshair: this.crosshair, alone: this.alone, hidden: this.hidden,
      bright: this.bright, contrast: this.contrast, canUndo: this.steps.length > 0, said: this.said, trouble: this.trouble ?? null,
      asked: this.entries.filter((e) => e.asked).length, byKeys: this.byKeys,
      attributes: selected.attributes ?? null, text: selected.text ?? null,
      points: this.entry?.it.type === "keypoints" ? gripsOf(this.entry.it).map((g) => g.seen) : null,
      rows: this.entries.slice(first, first + mostRows).map(({ it, asked }, i) => {
        const { left, top, right, bottom } = boundsOf(it);
        return {
          at: first + i, place: this.placeOf(it), kind: it.type, width: Math.round(right - left), height: Math.round(bottom - top),
          points: it.type === "keypoints" ? gripsOf(it).filter((g) => g.seen > 0).length : gripsOf(it).length,
          pixels: it.type === "mask" ? countOf(it.mask) : 0, sure: it.confidence ?? null, asked, text: it.text ?? null,
          turn: it.box?.rotation ?? 0,
        };
      }),
    };
  }
}
