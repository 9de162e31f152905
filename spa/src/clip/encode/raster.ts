import {
  COLUMNS,
  FRAME_BYTES,
  HEIGHT,
  PIXEL_BYTES,
  ROWS,
  WIDTH,
  blackFrame,
  type Frame,
} from '../frame';

/** Rows that are transposed together, so that what is written stays near. */
const BLOCK = 16;

/** A frame, as bytes and as whole pixels; two of them can be compared and combined without knowing their byte order. */
export class Raster {
  readonly bytes: Frame = blackFrame();
  readonly pixels = new Uint16Array(this.bytes.buffer);
  /** Two pixels each. */
  readonly pairs = new Uint32Array(this.bytes.buffer);

  copyFrom(frame: Uint8Array): void {
    this.bytes.set(frame);
  }

  /** Takes a picture as the viewer sees it, row after row: its columns become the rows. */
  takePicture(picture: Uint8Array<ArrayBuffer>): void {
    if (picture.length !== FRAME_BYTES)
      throw new RangeError(`${picture.length} bytes of a picture`);
    const from = new Uint16Array(picture.buffer, picture.byteOffset, FRAME_BYTES / PIXEL_BYTES);
    for (let top = 0; top < HEIGHT; top += BLOCK) {
      for (let x = 0; x < ROWS; x++) {
        const to = x * COLUMNS + top;
        for (let k = 0, at = top * WIDTH + x; k < BLOCK; k++, at += WIDTH) {
          this.pixels[to + k] = from[at]!;
        }
      }
    }
  }
}
