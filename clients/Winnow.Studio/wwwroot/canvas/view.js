// Layers of one picture: the picture itself, all shapes (painted by a worker), and what is being worked at. Panning and zooming move the
// layers at once and ask for a new painting, which takes its place when it is there: the page's own thread paints nothing.

import { clamp } from "./geometry.js";

const margin = 160;
const closest = 40;
const svgSpace = "http://www.w3.org/2000/svg";

export function svg(name, attributes, parent) {
  const element = document.createElementNS(svgSpace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

export class View {
  constructor(host, drawn) {
    this.host = host;
    this.drawn = drawn;
    [this.scale, this.x, this.y, this.width, this.height] = [1, 0, 0, 0, 0];
    this.picture = host.appendChild(Object.assign(document.createElement("img"), { className: "sheet", alt: "", draggable: false }));
    this.paper = host.appendChild(Object.assign(document.createElement("canvas"), { className: "sheet-shapes" }));
    this.brush = host.appendChild(Object.assign(document.createElement("canvas"), { className: "sheet", hidden: true }));
    this.overlay = svg("svg", { class: "sheet-overlay", "aria-hidden": "true" }, host);
    this.renderer = this.paper.getContext("bitmaprenderer");
    // The map of modules has the worker's real name.
    this.worker = new Worker(import.meta.resolve("./paint.js"));
    this.worker.onmessage = ({ data }) => this.#painted(data);
    this.watcher = new ResizeObserver(() => this.#measure());
    this.watcher.observe(host);
    this.frame = 0;
    this.painting = false;
  }

  dispose() {
    this.watcher.disconnect();
    this.worker.terminate();
    cancelAnimationFrame(this.frame);
    this.host.replaceChildren();
  }

  // A picture of this size, upright; its shapes come after it.
  open(url, width, height) {
    [this.width, this.height] = [width, height];
    this.picture.src = url;
    for (const [name, value] of [["width", width], ["height", height]]) {
      this.picture.style[name] = `${value}px`;
      this.brush.style[name] = `${value}px`;
    }
    this.#measure();
    this.fit();
  }

  sharpen(url) { this.picture.src = url; }

  look(filter) { this.picture.style.filter = filter; }

  // ---------- From where it is looked at ----------

  fit() { this.#lookAt(0, 0, this.width, this.height, 12, 40); }

  // So that what lies there fills a good part, and what is around it is still seen.
  goTo({ left, top, right, bottom }) {
    const pad = Math.min(this.across, this.down) * 0.28;
    this.#lookAt(left, top, right, bottom, pad, Math.max(this.#whole() * 8, 1));
    // At the picture's edge the picture has the room, and not what lies beyond it.
    const [across, down] = [this.width * this.scale, this.height * this.scale];
    if (across > this.across) this.x = clamp(this.x, this.across - across - 24, 24 + this.#tools().beside);
    if (down > this.down) this.y = clamp(this.y, this.down - down - 24, 24);
    this.turned();
  }

  zoom(factor, at = { x: this.across / 2, y: this.down / 2 }) {
    const scale = clamp(this.scale * factor, this.#whole() / 2, closest);
    this.x = at.x - (at.x - this.x) * scale / this.scale;
    this.y = at.y - (at.y - this.y) * scale / this.scale;
    this.scale = scale;
    this.pan(0, 0);
  }

  // Something of the picture is always in view.
  pan(dx, dy) {
    const keep = 48;
    this.x = clamp(this.x + dx, keep - this.width * this.scale, this.across - keep);
    this.y = clamp(this.y + dy, keep - this.height * this.scale, this.down - keep);
    this.turned();
  }

  // What is worked at stays in view, and the rest as it is.
  reveal(x, y) {
    const [at, edge] = [this.toScreen(x, y), 8];
    const dx = at.x < edge ? edge - at.x : at.x > this.across - edge ? this.across - edge - at.x : 0;
    const dy = at.y < edge ? edge - at.y : at.y > this.down - edge ? this.down - edge - at.y : 0;
    if (dx || dy) this.pan(dx, dy);
  }

  toScreen(x, y) { return { x: x * this.scale + this.x, y: y * this.scale + this.y }; }

  toPicture(x, y) { return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale }; }

  get percent() { return Math.round(this.scale * 100); }

  #whole() { return Math.min(this.across / this.width, this.down / this.height); }

  #lookAt(left, top, right, bottom, pad, most) {
    const [width, height] = [Math.max(right - left, 1), Math.max(bottom - top, 1)];
    const { beside, below } = this.#tools();
    const fits = Math.min((this.across - beside - 2 * pad) / width, (this.down - below - 2 * pad) / height);
    this.scale = clamp(fits, 0.001, Math.min(most, closest));
    this.x = (this.across + beside) / 2 - (left + width / 2) * this.scale;
    this.y = (this.down - below) / 2 - (top + height / 2) * this.scale;
    this.turned();
  }

  // Where tools lie over the edge, nothing of the picture is below them at first.
  #tools() {
    const tools = this.host.parentElement.querySelector(".tools");
    if (!tools) return { beside: 0, below: 0 };
    const isTall = tools.offsetHeight > tools.offsetWidth;
    return { beside: isTall ? tools.offsetWidth + 8 : 0, below: isTall ? 0 : tools.offsetHeight };
  }

  #measure() {
    const { clientWidth, clientHeight } = this.host;
    if (clientWidth === this.across && clientHeight === this.down) return;
    const first = !this.across;
    [this.across, this.down] = [Math.max(clientWidth, 1), Math.max(clientHeight, 1)];
    if (this.width && !first) this.fit();
    this.turned();
  }

  // ---------- Frames ----------

  // It is looked at from elsewhere, or shapes changed: both are seen in the next frame.
  turned() { this.stale = true; this.soon(); }

  soon() { this.frame ||= requestAnimationFrame(() => this.#draw()); }

  tell(change) { this.worker.postMessage(change); this.turned(); }

  #draw() {
    this.frame = 0;
    if (!this.width) return;
    const place = `translate(${this.x}px, ${this.y}px) scale(${this.scale})`;
    if (this.place !== place) {
      this.place = place;
      this.picture.style.transform = place;
      this.brush.style.transform = place;
      for (const sheet of [this.picture, this.brush]) sheet.classList.toggle("pixels", this.scale >= 6);
      this.#settle();
    }
    this.drawn();
    this.#paint();
  }

  #paint() {
    if (!this.stale || this.painting) return;
    [this.stale, this.painting] = [false, true];
    const { across: width, down: height, scale, x, y } = this;
    this.worker.postMessage({ view: { width, height, scale, x, y, margin, ratio: devicePixelRatio, ...this.choice } });
  }

  #painted({ picture, view }) {
    this.painting = false;
    this.shown = view;
    this.paper.width = picture.width;
    this.paper.height = picture.height;
    this.paper.style.width = `${view.width + 2 * margin}px`;
    this.paper.style.height = `${view.height + 2 * margin}px`;
    this.renderer.transferFromImageBitmap(picture);
    this.#settle();
    this.#paint();
  }

  // The last painting, moved to where it belongs now.
  #settle() {
    if (!this.shown) return;
    const { scale, x, y } = this.shown;
    const by = this.scale / scale;
    this.paper.style.transform = `translate(${this.x - (x + margin) * by}px, ${this.y - (y + margin) * by}px) scale(${by})`;
  }
}
