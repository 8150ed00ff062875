// The brush, the eraser and the filled polygon: all change the pixels of one mask, the selected one or a new one.

import { fill, maskOf, pixelsOf, stroke } from "./masks.js";

export class Brush {
  constructor(desk) { this.desk = desk; }

  take(mode) {
    const { desk } = this;
    if (!desk.takes("mask")) return false;
    if (desk.brush === mode) { this.leave(); return true; }
    Object.assign(desk, { armed: null, pending: null });
    if (!desk.cross) desk.moveCross(0, 0);
    desk.brush = mode;
    if (desk.entry?.it.type !== "mask") desk.select(-1);
    this.reload();
    desk.say(mode === "paint" ? "brush" : "eraser");
    return true;
  }

  leave() {
    if (!this.desk.brush) return;
    this.desk.brush = null;
    this.pixels = null;
    this.desk.view.brush.hidden = true;
    this.desk.tell();
  }

  // What is selected is what the brush works on.
  reload() {
    const { desk } = this;
    if (!desk.brush) return;
    const { width, height, view } = desk;
    const shape = desk.entry?.it;
    this.pixels = shape?.type === "mask" ? pixelsOf(shape.mask) : new Uint8Array(width * height);
    if (view.brush.width !== width || view.brush.height !== height) Object.assign(view.brush, { width, height });
    view.brush.hidden = false;
    this.#show({ left: 0, top: 0, right: width, bottom: height });
  }

  from(x, y) {
    this.last = [x, y];
    this.to(x, y);
  }

  to(x, y) {
    const { desk } = this;
    this.#show(stroke(this.pixels, desk.width, desk.height, this.last, [x, y], desk.size, desk.brush === "paint" ? 1 : 0));
    this.last = [x, y];
  }

  end() {
    const { desk } = this;
    const mask = maskOf(this.pixels, desk.width, desk.height);
    if (desk.entry?.it.type === "mask") {
      if (mask) desk.change({ ...desk.entry.it, mask });
      else desk.remove();
    } else if (mask) desk.add({ type: "mask", class: desk.config.classes[desk.class].name, mask });
  }

  // A polygon becomes part of the selected mask, or a mask of its own.
  fill(points) {
    const { desk } = this;
    const shape = desk.entry?.it;
    this.pixels = shape?.type === "mask" ? pixelsOf(shape.mask) : new Uint8Array(desk.width * desk.height);
    fill(this.pixels, desk.width, desk.height, points, 1);
    this.end();
    this.pixels = null;
  }

  #show({ left, top, right, bottom }) {
    const { desk } = this;
    if (right <= left || bottom <= top) return;
    const place = desk.entry ? desk.placeOf(desk.entry.it) : desk.class;
    const hue = desk.config.colours[place % 8];
    const [red, green, blue] = [1, 3, 5].map((i) => Number.parseInt(hue.slice(i, i + 2), 16));
    const [across, down] = [right - left, bottom - top];
    const picture = new ImageData(across, down);
    for (let x = 0; x < across; x++)
      for (let y = 0; y < down; y++)
        if (this.pixels[(left + x) * desk.height + top + y])
          picture.data.set([red, green, blue, 128], 4 * (y * across + x));
    desk.view.brush.getContext("2d").putImageData(picture, left, top);
  }
}
