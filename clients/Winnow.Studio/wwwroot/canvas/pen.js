// New shapes, place by place: by the pointer or by a cross that keys move, which makes no difference.

import { boxAround } from "./geometry.js";
import { MendingDesk } from "./mend.js";

export class DrawingDesk extends MendingDesk {
  get isDrawing() { return !!(this.armed || this.pending || this.brush); }

  moveCross(dx, dy) {
    this.cross ??= this.#middle();
    this.byKeys = true;
    this.cross = { x: Math.min(Math.max(this.cross.x + dx, 0), this.width), y: Math.min(Math.max(this.cross.y + dy, 0), this.height) };
    this.view.reveal(this.cross.x, this.cross.y);
    this.view.soon();
    this.pointed?.(this.cross);
    this.tell();
    return true;
  }

  #middle() {
    const { x, y } = this.view.toPicture(this.view.across / 2, this.view.down / 2);
    return { x: Math.round(Math.min(Math.max(x, 0), this.width)), y: Math.round(Math.min(Math.max(y, 0), this.height)) };
  }

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
}
