import type { Clip } from './clip';
import type { Edit } from './edit';
import type { ConvertReason } from './error';
import type { Fit } from './geometry';
import type { Quality } from './quality';

/** What a person can choose about a file. */
export interface Look {
  fit: Fit;
  quality: Quality;
  /** What only this browser can do; nothing, when there is none. */
  edit?: Edit | undefined;
}

/** A part of a film, in seconds; `to` is Infinity when it goes on to the end. */
export interface Part {
  from: number;
  to: number;
}

/** What the page tells the worker. Frames come only after the worker has asked for them. */
export type ToWorker =
  | { type: 'start'; file: File; look: Look }
  | { type: 'frame'; bitmap: ImageBitmap; startUs: number }
  | { type: 'frames-end'; endUs: number }
  | { type: 'frames-failed'; reason: ConvertReason; detail: string };

/** What the worker tells the page. */
export type FromWorker =
  | { type: 'progress'; fraction: number }
  /** The file's SHA-256 in hex; comes first, also when the conversion fails later. */
  | { type: 'hashed'; sha256: string }
  /** These two can only be drawn by a document. `listed` are the frame times of the container, in seconds. */
  | { type: 'needs-svg' }
  | { type: 'needs-video'; listed: number[] | undefined; part: Part }
  /** One frame was worked off; another may come. */
  | { type: 'taken' }
  | { type: 'done'; clip: Clip }
  | { type: 'failed'; reason: ConvertReason; detail: string };

/** How much of a conversion is over when the file is decoded; then the clip is written. */
export const DECODED = 0.7;
