/** Which part of the field is on screen: a centre and a zoom. */

const LEAST = 0.25;
const MOST = 4;

/** A map from the field to the screen: nodes keep their size, only the distances between them grow. */
export class Camera {
  constructor() {
    Object.assign(this, { k: 1, x: 0, y: 0, width: 0, height: 0, moved: false });
  }

  /** Set the size of the screen, and the room its edges take. */
  resize(width, height, inset) {
    Object.assign(this, { width, height, inset });
  }

  /** The part of the screen that nothing else needs. */
  room() {
    const { top, right, bottom, left } = this.inset;
    return { w: Math.max(240, this.width - left - right), h: Math.max(160, this.height - top - bottom) };
  }

  /** Show the whole field. */
  fit(field) {
    const { top, left } = this.inset;
    const room = this.room();
    this.k = Math.min(1.6, room.w / field.w, room.h / field.h);
    this.x = left + (room.w - field.w * this.k) / 2;
    this.y = top + (room.h - field.h * this.k) / 2;
    this.moved = false;
  }

  /** Move the picture by some pixels. */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.moved = true;
  }

  /** Zoom by a factor; the point at px, py stays where it is. */
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const k = Math.min(MOST, Math.max(LEAST, this.k * factor));
    this.x = px - ((px - this.x) * k) / this.k;
    this.y = py - ((py - this.y) * k) / this.k;
    this.k = k;
    this.moved = true;
  }

  /** A place of the field in screen pixels, without the pan. */
  scaled(place) {
    return { x: place.x * this.k, y: place.y * this.k };
  }

  /** A point of the screen as a place of the field. */
  field(px, py) {
    return { x: (px - this.x) / this.k, y: (py - this.y) / this.k };
  }
}
