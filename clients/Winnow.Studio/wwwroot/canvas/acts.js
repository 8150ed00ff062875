// What each act of the table of keys does. An act that means nothing at the moment says so, and its key is the page's.

// One act by its name; false where it means nothing now.
export function perform(desk, act, key, walk) {
  const { view } = desk;
  if (key.includes("Arrow") && act.startsWith("arrow")) {
    const [dx, dy] = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] }[key.split("Arrow")[1]];
    return desk.arrow(dx, dy, { ten: key.includes("Shift+"), control: key.includes("Ctrl+"), turn: key.includes("Alt+") }, act);
  }
  if (act.startsWith("class:")) {
    const place = Number(act.slice(6));
    if (!desk.config.classes[place]?.open) return false;
    // Where digits mean something to the page too, they are a shape's while one is worked at.
    if (desk.digitsLeft && !desk.entry && !desk.isDrawing) return false;
    desk.setClass(place);
    return true;
  }
  switch (act) {
    case "new": return desk.arm(desk.first === "mask" ? "fill" : desk.first);
    case "polygon": return desk.arm("polygon");
    case "polyline": return desk.arm("polyline");
    case "keypoints": return desk.arm("keypoints");
    case "text": return desk.arm("text");
    case "fill": return desk.takes("mask") && desk.arm("fill");
    case "paint": return desk.tool.take("paint");
    case "erase": return desk.tool.take("erase");
    case "smaller": case "larger":
      if (!desk.takes("mask")) return false;
      desk.size = Math.max(1, Math.round(desk.size * (act === "larger" ? 1.25 : 0.8)) + (act === "larger" ? 1 : 0));
      desk.tell();
      return true;
    case "select": desk.leave(); return true;
    case "drag": case "extremes": desk.how = act; desk.tell(); return true;
    case "set": return set(desk);
    case "leave": return desk.leave();
    case "next": case "previous": return walk(act === "next" ? 1 : -1);
    case "grab": return desk.grab(1);
    case "grab-back": return desk.grab(-1);
    case "remove": return desk.removeGrip() || desk.remove();
    case "back": return desk.pending ? unset(desk) : desk.remove() || desk.back();
    case "undo": return desk.pending ? unset(desk) : desk.back();
    case "redo": return desk.forth() || desk.steps.length > 0;
    case "copy": desk.copy(); return true;
    case "alone": desk.hide(false); return true;
    case "hidden": desk.hide(true); return true;
    case "cross": desk.crosshair = !desk.crosshair; desk.tell(); return true;
    case "darker": desk.lookBy(-10, 0); return true;
    case "brighter": desk.lookBy(10, 0); return true;
    case "flatter": desk.lookBy(0, -10); return true;
    case "stronger": desk.lookBy(0, 10); return true;
    case "plain": desk.lookBy(100 - desk.bright, 100 - desk.contrast); return true;
    case "zoom": if (desk.entry) view.goTo(desk.boundsOf(desk.entry.it)); else view.fit(); return true;
    case "whole": view.fit(); return true;
    case "closer": view.zoom(1.25, center(desk)); return true;
    case "farther": view.zoom(0.8, center(desk)); return true;
    case "unseen": return see(desk, 1);
    case "absent": return see(desk, 0);
    default: return false;
  }
}

function center(desk) {
  if (desk.cross && desk.isDrawing) return desk.view.toScreen(desk.cross.x, desk.cross.y);
  if (!desk.entry) return undefined;
  const { left, top, right, bottom } = desk.boundsOf(desk.entry.it);
  return desk.view.toScreen((left + right) / 2, (top + bottom) / 2);
}

// Enter: a place of what is drawn, a further corner, or the end of mending one.
function set(desk) {
  if (desk.brush) {
    desk.tool.from(desk.cross.x, desk.cross.y);
    desk.tool.end();
    return true;
  }
  if (desk.armed || desk.pending) {
    desk.byKeys = true;
    desk.place(desk.cross.x, desk.cross.y);
    return true;
  }
  if (desk.addGrip()) return true;
  if (!desk.entry) return false;
  desk.select(-1);
  desk.view.fit();
  return true;
}

function unset(desk) {
  desk.pending.points.pop();
  if (desk.pending.points.length === 0) desk.pending = null;
  desk.say("place taken back");
  return true;
}

function see(desk, seen) {
  const draws = desk.armed === "keypoints" || desk.pending?.kind === "keypoints";
  if (draws) desk.place(desk.cross.x, desk.cross.y, seen);
  return draws || desk.see(desk.corner, seen);
}
