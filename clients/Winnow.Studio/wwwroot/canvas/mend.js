// What is done to the selected shape, and to how it is seen.

import { boundsOf, gripAdded, gripMoved, gripRemoved, gripsOf, moved, sized, turned } from "./geometry.js";
import { Desk } from "./desk.js";

export class MendingDesk extends Desk {
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
    this.choose();
    this.tell();
  }
}
