/**
 * How 8-bit channels become the levels of RGB565. Either to the nearest level, or by a mask fixed to the picture's
 * places: where a value lies between two levels, the mask decides which pixels take the upper one, so that slow changes
 * of colour show no bands. Nothing is carried from pixel to pixel: what does not change in the source stays the same
 * from frame to frame, which error diffusion would not do.
 *
 * The device does the same in loop-proto/src/pixel/dither.rs; the test reads the same golden pictures.
 */
export type Rounding = 'nearest' | 'masked';

/** Cells on a side of the mask, and in it. */
export const SIDE = 8;
const CELLS = SIDE * SIDE;
/** A level and how many cells of the mask are above it share a number: level * 64 + cells. */
export const CELL_BITS = 6;

/** How late a cell of Bayer's ordered mask takes the upper level, 0 to 63. */
function rank(x: number, y: number): number {
  let rank = 0;
  for (let bit = 0; bit < 3; bit++) {
    const across = (x >> bit) & 1;
    const down = (y >> bit) & 1;
    rank = (rank << 2) | ((across ^ down) << 1) | down;
  }
  return rank;
}

/** Added to a number from the table, it carries into the level where the cell takes the upper one. */
const LIFT = Uint8Array.from(
  { length: CELLS },
  (_, i) => CELLS - 1 - rank(i % SIDE, Math.floor(i / SIDE)),
);

/** A level of 5 or 6 bits as the 8-bit channel it stands for. */
function widened(level: number, bits: 5 | 6): number {
  return (level << (8 - bits)) | (level >> (2 * bits - 8));
}

/** For each sum of `count` values the level below it, and how many cells are above that. */
function masked(count: number, bits: 5 | 6): Uint16Array {
  const table = new Uint16Array(255 * count + 1);
  const top = (1 << bits) - 1;
  let level = 0;
  for (let sum = 0; sum < table.length; sum++) {
    while (level < top && widened(level + 1, bits) * count <= sum) level++;
    const above = sum - widened(level, bits) * count;
    const step = (widened(level + 1, bits) - widened(level, bits)) * count;
    // Cells whose threshold, (2 * rank + 1) / 128 of the step, lies below.
    const cells = level === top ? 0 : Math.ceil((above * CELLS) / step - 0.5);
    table[sum] = (level << CELL_BITS) + cells;
  }
  return table;
}

function nearest(count: number, bits: 5 | 6): Uint16Array {
  const top = (1 << bits) - 1;
  const level = (sum: number): number => Math.round((sum * top) / (255 * count));
  return Uint16Array.from({ length: 255 * count + 1 }, (_, sum) => level(sum) << CELL_BITS);
}

/** What turns sums of channels into levels: `(five[sum] + lift[cell]) >> CELL_BITS`. */
export interface Levels {
  five: Uint16Array;
  six: Uint16Array;
  lift: Uint8Array;
}

const made = new Map<string, Levels>();

/** The tables for sums of `count` pixels. */
export function levelsFor(count: number, rounding: Rounding): Levels {
  const key = `${rounding} ${count}`;
  const table = rounding === 'masked' ? masked : nearest;
  const levels = made.get(key) ?? {
    five: table(count, 5),
    six: table(count, 6),
    lift: rounding === 'masked' ? LIFT : new Uint8Array(CELLS),
  };
  made.set(key, levels);
  return levels;
}

/** This many colours are few. */
const FEW = 16;
/** Colours no farther apart than this in any channel are tones of one another, as in a smooth ground. */
const TONE = 4;

/**
 * Which rounding suits a picture. What is drawn with few colours looks best with flat areas, without a pattern in
 * them; anything else has tones that would show bands. Colours that RGB565 holds exactly are the same either way and
 * do not count; undefined when there are no others. The pixels must be the source's own: scaling mixes new colours.
 */
export function roundingFor(rgba: Uint8ClampedArray): Rounding | undefined {
  const counts = new Map<number, number>();
  let total = 0;
  for (let p = 0; p < rgba.length; p += 4) {
    const [r, g, b] = [rgba[p]!, rgba[p + 1]!, rgba[p + 2]!];
    if (widened(r >> 3, 5) === r && widened(g >> 2, 6) === g && widened(b >> 3, 5) === b) continue;
    const colour = (r << 16) | (g << 8) | b;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
    total++;
  }
  if (total === 0) return undefined;
  const common = [...counts].sort(([, a], [, b]) => b - a).slice(0, FEW);
  const drawn = common.filter(([a]) => common.every(([b]) => a === b || !areTones(a, b)));
  const covered = drawn.reduce((sum, [, count]) => sum + count, 0);
  return covered * 2 >= total ? 'nearest' : 'masked';
}

function areTones(a: number, b: number): boolean {
  return [16, 8, 0].every((bit) => Math.abs(((a >> bit) & 255) - ((b >> bit) & 255)) <= TONE);
}
