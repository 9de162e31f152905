/** Pixels in the panel's order: row x is the viewer's column x, from the top. RGB565, high byte first. */
export type Frame = Uint8Array<ArrayBuffer>;

/** As the viewer sees it. */
export const WIDTH = 320;
export const HEIGHT = 240;

/** Rows and columns in the panel's order. */
export const ROWS = WIDTH;
export const COLUMNS = HEIGHT;

export const PIXEL_BYTES = 2;
export const ROW_BYTES = COLUMNS * PIXEL_BYTES;
export const FRAME_BYTES = ROWS * ROW_BYTES;

export function blackFrame(): Frame {
  return new Uint8Array(FRAME_BYTES);
}
