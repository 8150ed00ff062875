// Keys and pointers of the canvas. A key that means something here goes no farther; all others are the page's.

import { perform } from "./acts.js";
import { distanceTo, gripMoved, gripsOf, holds, moved, sidesOf, sideMoved } from "./geometry.js";

const reach = 8;
const still = 4;

export class Input {
  constructor(host, desk, acts) {
    Object.assign(this, { host, desk, acts, end: new AbortController(), space: null, drag: null });
    const on = (target, name, handler, more) => target.addEventListener(name, handler.bind(this), { signal: this.end.signal, ...more });
    on(window, "keydown", this.#key, { capture: true });
    on(window, "keyup", this.#keyUp, { capture: true });
    on(host, "pointerdown", this.#down);
    on(host, "pointermove", this.#move);
    on(host, "pointerup", this.#up);
    on(host, "pointercancel", this.#cancel);
    on(host, "pointerleave", this.#gone);
    on(host, "dblclick", this.#twice);
    on(host, "wheel", this.#wheel, { passive: false });
    on(host, "contextmenu", (event) => event.preventDefault());
    on(host, "auxclick", (event) => event.preventDefault());
  }

  dispose() { this.end.abort(); }

  // ---------- Keys ----------

  #listens() { return this.host.isConnected && !this.host.closest("[inert]"); }

  #key(event) {
    if (!this.#listens() || event.isComposing) return;
    const name = nameOf(event);
    const at = document.activeElement;
    if (at?.id === "transcript" && name === "Enter") {
      // What was typed is kept already; the next region that has no text comes.
      this.#stop(event);
      this.#nextText();
      return;
    }
    if (at?.closest(".attribute") && at.matches("input") && name === "Enter") {
      // It is said, and the picture has the keys again.
      this.#stop(event);
      this.host.focus({ preventScroll: true });
      return;
    }
    if (at?.matches("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select")) return;
    if (at?.matches("input[type=range]") && name.includes("Arrow")) return;
    if (at?.matches("button, a[href], summary, input") && ["Enter", "Space", "Tab", "Shift+Tab"].includes(name)) return;
    if (name === "Space") {
      // Held, it pans; let go without, it is the page's.
      this.#stop(event);
      this.space ??= { panned: false };
      return;
    }
    const act = this.acts[name];
    if (act && this.do(act, name)) this.#stop(event);
  }

  #keyUp(event) {
    if (event.code !== "Space" || !this.space) return;
    const { panned } = this.space;
    this.space = null;
    if (!panned && this.#listens()) this.heard?.("Space");
  }

  #stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  // One act by its name; false where it means nothing now.
  do(act, key) { return perform(this.desk, act, key, (by) => this.#walk(by)); }

  // Tab goes through shapes while the picture has the focus, or nothing has.
  #walk(by) {
    const at = document.activeElement;
    if (at && at !== document.body && at !== this.host && !at.matches("h1")) return false;
    if (this.desk.entry?.it.type === "keypoints" && this.desk.corner >= 0) return this.desk.grab(by);
    return this.desk.next(by);
  }

  #nextText() {
    const { desk } = this;
    const from = desk.at + 1;
    const next = desk.entries.findIndex((e, at) => at >= from && e.it.type === "text" && !e.it.text);
    document.activeElement.blur();
    if (next < 0) { desk.select(-1); desk.view.fit(); } else desk.select(next, true);
    if (next >= 0) requestAnimationFrame(() => document.getElementById("transcript")?.focus());
  }

  // ---------- Pointers ----------

  #at(event) {
    const { left, top } = this.host.getBoundingClientRect();
    const screen = { x: event.clientX - left, y: event.clientY - top };
    return { screen, place: this.desk.view.toPicture(screen.x, screen.y) };
  }

  #down(event) {
    const { desk } = this;
    if (this.drag || event.button > 1) return;
    event.preventDefault();
    document.activeElement?.blur();
    this.host.focus({ preventScroll: true });
    try { this.host.setPointerCapture(event.pointerId); } catch { /* It is gone already: there will be no drag. */ }
    const { screen, place } = this.#at(event);
    const from = { screen, place, last: screen, far: false };
    if (event.button === 1 || event.shiftKey || this.space) {
      if (this.space) this.space.panned = true;
      this.drag = { ...from, kind: "pan" };
      this.host.classList.add("panning");
    } else if (desk.brush) {
      desk.tool.from(place.x, place.y);
      this.drag = { ...from, kind: "brush" };
    } else if (desk.armed || desk.pending) this.drag = { ...from, kind: "draw" };
    else this.drag = { ...from, ...this.#grip(screen, place) };
    this.#follow(place);
  }

  // What a press takes hold of: a handle, the selected shape, another one by its outline, or nothing yet.
  #grip(screen, place) {
    const { desk } = this;
    const { view } = desk;
    const shape = desk.selected;
    const near = ([x, y]) => {
      const at = view.toScreen(x, y);
      return Math.hypot(at.x - screen.x, at.y - screen.y) <= reach;
    };
    if (shape) {
      const grip = gripsOf(shape).find((g) => g.seen !== 0 && near([g.x, g.y]));
      if (grip) return { kind: "grip", grip: grip.at, shape };
      const side = shape.type === "box" ? sidesOf(shape.box).findIndex(near) : -1;
      if (side >= 0) return { kind: "side", side, shape };
      if (shape.type !== "mask" && (holds(shape, place.x, place.y) || distanceTo(shape, place.x, place.y) <= reach / view.scale))
        return { kind: "move", shape };
    }
    const { at, onLine } = desk.under(place.x, place.y);
    if (at >= 0 && onLine && desk.entries[at].it.type !== "mask") {
      desk.select(at);
      return { kind: "move", shape: desk.selected };
    }
    return { kind: "open", under: at };
  }

  #move(event) {
    const { desk, drag } = this;
    const { screen, place } = this.#at(event);
    this.#follow(place);
    if (!drag) return;
    drag.far ||= Math.hypot(screen.x - drag.screen.x, screen.y - drag.screen.y) >= still;
    if (!drag.far && drag.kind !== "brush") return;
    const whole = { x: Math.round(place.x), y: Math.round(place.y) };
    const { width, height } = desk;
    switch (drag.kind) {
      case "pan": desk.view.pan(screen.x - drag.last.x, screen.y - drag.last.y); break;
      case "brush": desk.tool.to(place.x, place.y); break;
      case "grip": desk.live = gripMoved(drag.shape, drag.grip, whole.x, whole.y, width, height); break;
      case "side": desk.live = sideMoved(drag.shape, drag.side, whole.x, whole.y, width, height); break;
      case "move":
        desk.live = moved(drag.shape, Math.round(place.x - drag.place.x), Math.round(place.y - drag.place.y), width, height);
        break;
      case "open":
        // Dragging over open ground draws, where dragging draws.
        if ((desk.first !== "box" && desk.first !== "text") || desk.how !== "drag") { drag.kind = "none"; break; }
        desk.arm(desk.first, false);
        // Falls to what draws.
        drag.kind = "draw";
      case "draw":
        if (!desk.pending && ["box", "text"].includes(desk.armed) && desk.how === "drag") {
          drag.drew = true;
          desk.place(drag.place.x, drag.place.y);
        }
        break;
    }
    drag.last = screen;
    desk.view.soon();
  }

  #up(event) {
    const { desk, drag } = this;
    this.drag = null;
    this.host.classList.remove("panning");
    if (!drag) return;
    const { place } = this.#at(event);
    if (drag.kind === "brush") desk.tool.end();
    else if (drag.kind === "draw") {
      desk.byKeys = false;
      desk.place(place.x, place.y);
    } else if (desk.live) desk.change(desk.live);
    else if (drag.kind === "grip") { desk.corner = desk.corner === drag.grip ? -1 : drag.grip; desk.tell(); }
    else if (drag.kind !== "pan" && !drag.far) {
      const { at } = desk.under(place.x, place.y);
      if (at !== desk.at) desk.select(at);
      else if (at < 0) desk.select(-1);
    }
    desk.view.soon();
  }

  #cancel() {
    this.drag = null;
    this.desk.live = null;
    this.host.classList.remove("panning");
    this.desk.view.soon();
  }

  #twice() {
    const { desk } = this;
    if (desk.pending && ["polygon", "polyline", "fill"].includes(desk.pending.kind)) desk.finish();
  }

  #follow(place) {
    const { desk } = this;
    desk.cross = {
      x: Math.round(Math.min(Math.max(place.x, 0), desk.width)), y: Math.round(Math.min(Math.max(place.y, 0), desk.height)),
    };
    desk.byKeys = false;
    if (desk.isDrawing) desk.view.soon();
    this.pointed?.(desk.cross);
  }

  #gone() { if (!this.drag) this.pointed?.(null); }

  #wheel(event) {
    event.preventDefault();
    if (this.space) this.space.panned = true;
    const { desk } = this;
    const { screen } = this.#at(event);
    desk.view.zoom(Math.exp(-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.0016)), screen);
  }
}

// As the table of keys has them: modifiers first, letters small, digits as digits whatever the layout.
export function nameOf(event) {
  const digit = /^(?:Digit|Numpad)\d$/.test(event.code);
  const key = event.code === "Space" ? "Space" : digit ? event.code.at(-1) : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z0-9]$/.test(key) || key.length > 1 || [",", "."].includes(key);
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + (event.shiftKey && letter ? "Shift+" : "") + key;
}
