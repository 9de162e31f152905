import type { Edit } from '../edit';
import type { ConvertReason } from '../error';
import type { Size } from '../geometry';
import type { Look } from '../messages';

/** A look with nothing left open. */
export type WholeLook = Look & { edit: Edit };

/** What a file is, once it is open. */
export interface Opened {
  size: Size;
  /** When each frame begins, in microseconds; one for a still. */
  starts: number[];
  endUs: number;
}

/** What a clip would be like, from a few of its frames. */
export interface Weight {
  bytes: number;
  frames: number;
  totalUs: number;
}

/** What the page asks of the preview's worker. Of each kind the newest counts. */
export type ToPreview =
  | { type: 'open'; file: File }
  | { type: 'show'; look: WholeLook; frame: number }
  | { type: 'weigh'; look: WholeLook }
  /** What the worker could not draw itself; none when the page cannot either. */
  | { type: 'drawn'; bitmap: ImageBitmap | undefined; endUs: number };

export type FromPreview =
  | ({ type: 'opened' } & Opened)
  /** The glass in RGBA. */
  | { type: 'shown'; frame: number; rgba: Uint8ClampedArray<ArrayBuffer> }
  | { type: 'weighed'; weight: Weight }
  | { type: 'refused'; reason: ConvertReason; detail: string }
  /** Only a document can draw these; a film's frame is named by its time. */
  | { type: 'draw'; what: 'svg' | 'film'; us: number }
  /** The file cannot be opened here. */
  | { type: 'failed'; reason: ConvertReason; detail: string };
