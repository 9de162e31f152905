/** Quarter turns, clockwise, in degrees. */
export type Turn = 0 | 90 | 180 | 270;

/** What shows where the picture does not: one colour, or the picture itself, out of focus. */
export type Ground = 'colour' | 'blur';

/** How levels between those of the glass are shown; `auto` looks at the picture. */
export type Dither = 'auto' | 'masked' | 'nearest';

/**
 * What is done to a file on its way to the glass, beside its fit and its quality, which the device knows too. It names no
 * pixels of a certain file, so it can be given to others as well, and is never changed: a change makes another one.
 */
export interface Edit {
  turn: Turn;
  /** Left and right change places, after the turn. */
  mirrored: boolean;
  /** How much larger than its fit makes it. */
  zoom: number;
  /** The point of the turned picture in the middle of the glass, 0 to 1 from the left and from the top. */
  x: number;
  y: number;
  /** The part of the file that is shown, in its own time. Null is its end. */
  fromUs: number;
  toUs: number | null;
  speed: number;
  ground: Ground;
  /** #rrggbb; also behind what is see-through. */
  background: string;
  dither: Dither;
}

/** Nothing is done. */
export const PLAIN: Edit = Object.freeze({
  turn: 0,
  mirrored: false,
  zoom: 1,
  x: 0.5,
  y: 0.5,
  fromUs: 0,
  toUs: null,
  speed: 1,
  ground: 'colour',
  background: '#000000',
  dither: 'auto',
});

export const MOST_ZOOM = 8;
export const SPEEDS = [0.25, 0.5, 1, 1.5, 2, 4] as const;

export function isSameEdit(a: Edit, b: Edit): boolean {
  return (Object.keys(PLAIN) as (keyof Edit)[]).every((name) => a[name] === b[name]);
}

export function isPlain(edit: Edit): boolean {
  return isSameEdit(edit, PLAIN);
}

const TURNS: readonly Turn[] = [0, 90, 180, 270];

function turnedBy(turn: Turn, degrees: number): Turn {
  return TURNS[((turn + degrees + 360) / 90) % 4]!;
}

/** A quarter clockwise, as it is seen; what was in the middle stays there. */
export function turned(edit: Edit): Edit {
  // Of a picture in a mirror the turn behind the mirror goes the other way.
  const turn = turnedBy(edit.turn, edit.mirrored ? -90 : 90);
  return { ...edit, turn, x: 1 - edit.y, y: edit.x };
}

/** Left and right change places, as it is seen. */
export function mirrored(edit: Edit): Edit {
  return { ...edit, mirrored: !edit.mirrored, x: 1 - edit.x };
}

/** What another file takes over: all but the part that is shown, since its time is its own. */
export function forOthers(edit: Edit, own: Edit): Edit {
  return { ...edit, fromUs: own.fromUs, toUs: own.toUs };
}

/** An edit that was kept somewhere, as far as it makes sense; what does not is as if nothing had been done. */
export function readEdit(kept: Partial<Edit> | undefined): Edit {
  const within = (value: unknown, least: number, most: number, otherwise: number): number =>
    typeof value === 'number' && value >= least && value <= most ? value : otherwise;
  const { turn, ground, background = '', dither, toUs, ...rest } = kept ?? {};
  const fromUs = within(rest.fromUs, 0, Number.MAX_SAFE_INTEGER, 0);
  return {
    turn: TURNS.find((known) => known === turn) ?? 0,
    mirrored: rest.mirrored === true,
    zoom: within(rest.zoom, 1, MOST_ZOOM, 1),
    x: within(rest.x, 0, 1, 0.5),
    y: within(rest.y, 0, 1, 0.5),
    fromUs,
    toUs: typeof toUs === 'number' && toUs > fromUs ? toUs : null,
    speed: within(rest.speed, SPEEDS[0], SPEEDS.at(-1)!, 1),
    ground: ground === 'blur' ? 'blur' : 'colour',
    background: /^#[0-9a-f]{6}$/i.test(background) ? background : PLAIN.background,
    dither: dither === 'masked' || dither === 'nearest' ? dither : 'auto',
  };
}
