/** Finds what differs between two frames, as few tight rectangles; the same ones as loop-proto/src/clip/delta.rs. */
import { COLUMNS, ROWS } from '../frame';
import { MAX_RECTS } from '../record';
import type { Raster } from './raster';

/** How near to each other changes must be to share a rectangle. */
export interface Reach {
  /** Equal pixels between two changed ones that cost no more than another rectangle. */
  gap: number;
  /** How far the sides of a run may lie from the rectangle above it to become part of it. */
  slack: number;
}

/** For rectangles that list all their pixels: one takes 8 bytes, a pixel 2. */
export const TIGHT: Reach = { gap: 6, slack: 4 };

/** For rectangles with a mask, where an equal pixel takes one bit. */
export const COARSE: Reach = { gap: 32, slack: 16 };

/** One row can add this many to a full list before it is given up. */
const ROOM = MAX_RECTS + COLUMNS;

/** Rectangles that do not overlap, from the top; `right` and `bottom` are not part of them. */
export class Rects {
  readonly x = new Uint16Array(ROOM);
  readonly y = new Uint16Array(ROOM);
  readonly right = new Uint16Array(ROOM);
  readonly bottom = new Uint16Array(ROOM);
  count = 0;
  /** Those before it can grow no more; from here on they reach to the row above or to the one at hand. */
  #open = 0;

  /** Covers every pixel in which the frames differ. Too many places are taken in larger pieces. */
  cover(before: Raster, after: Raster, { gap, slack }: Reach): void {
    for (let wider = 1; !this.#placeAll(before, after, gap * wider, slack * wider); wider *= 2);
    this.#sort();
  }

  /** Whether they fit into MAX_RECTS. They do at the latest when a row is one run. */
  #placeAll(before: Raster, after: Raster, gap: number, slack: number): boolean {
    this.count = 0;
    this.#open = 0;
    const [old, now] = [before.pairs, after.pairs];
    for (let y = 0, pair = 0; y < ROWS; y++) {
      let start = 0;
      let end = 0;
      for (const rowEnd = pair + COLUMNS / 2; pair < rowEnd; pair++) {
        if (old[pair] === now[pair]) continue;
        const first = pair * 2;
        for (let at = first; at < first + 2; at++) {
          if (before.pixels[at] === after.pixels[at]) continue;
          const x = at - y * COLUMNS;
          if (end === 0) start = x;
          else if (x - end > gap) {
            this.#place(start, y, end, slack);
            start = x;
          }
          end = x + 1;
        }
      }
      if (end > 0) this.#place(start, y, end, slack);
      this.#endRow(y);
      if (this.count > MAX_RECTS) return false;
    }
    return true;
  }

  /** Lets the rectangle above take the run in if their sides nearly agree and nothing else is in the way. */
  #place(start: number, y: number, end: number, slack: number): void {
    const { x, right, bottom } = this;
    for (let at = this.count - 1; at >= this.#open; at--) {
      const [left, side] = [x[at]!, right[at]!];
      const agrees =
        bottom[at] === y && Math.abs(left - start) <= slack && Math.abs(side - end) <= slack;
      if (!agrees) continue;
      const [newLeft, newSide] = [Math.min(left, start), Math.max(side, end)];
      const width = newSide - newLeft;
      const widened = width !== side - left || width !== end - start;
      if (widened && !this.#isClear(newLeft, this.y[at]!, newSide, y + 1, at)) break;
      x[at] = newLeft;
      right[at] = newSide;
      bottom[at] = y + 1;
      return;
    }
    const at = this.count++;
    x[at] = start;
    this.y[at] = y;
    right[at] = end;
    bottom[at] = y + 1;
  }

  /** Whether no rectangle but this open one overlaps. */
  #isClear(left: number, top: number, right: number, bottom: number, but: number): boolean {
    const overlaps = (at: number): boolean =>
      this.x[at]! < right &&
      left < this.right[at]! &&
      this.y[at]! < bottom &&
      top < this.bottom[at]!;
    for (let at = this.#open; at < this.count; at++) {
      if (at !== but && overlaps(at)) return false;
    }
    // They have ended in the order in which they lie here.
    for (let at = this.#open - 1; at >= 0 && this.bottom[at]! > top; at--) {
      if (overlaps(at)) return false;
    }
    return true;
  }

  /** Closes the rectangles that this row has not added to. */
  #endRow(y: number): void {
    for (let at = this.#open; at < this.count; at++) {
      if (this.bottom[at]! <= y) this.#swap(at, this.#open++);
    }
  }

  #swap(a: number, b: number): void {
    for (const sides of [this.x, this.y, this.right, this.bottom]) {
      [sides[a], sides[b]] = [sides[b]!, sides[a]!];
    }
  }

  #sort(): void {
    const keys = Float64Array.from({ length: this.count }, (_, at) => {
      return (this.y[at]! * COLUMNS + this.x[at]!) * ROOM + at;
    }).sort();
    for (const sides of [this.x, this.y, this.right, this.bottom]) {
      const old = sides.slice(0, this.count);
      for (let at = 0; at < this.count; at++) sides[at] = old[keys[at]! % ROOM]!;
    }
  }
}
