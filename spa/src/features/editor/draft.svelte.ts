import { forOthers, isSameEdit, mirrored, PLAIN, turned, type Edit } from '../../convert/edit';
import type { ConvertError } from '../../convert/error';
import { panned, settled, zoomed, type Fit, type Size } from '../../convert/geometry';
import type { Opened, Weight, WholeLook } from '../../convert/preview/messages';
import type { Quality } from '../../convert/quality';

/** Fill and fit, and fit on the picture itself out of focus. */
export type Shape = Fit | 'blur';

/** The shortest part that can be chosen. */
const SHORTEST_US = 100_000;

/** What somebody is about to do to a file; nothing is done until they say so. */
export class Draft {
  fit = $state<Fit>('fill');
  quality = $state<Quality>('off');
  edit = $state.raw<Edit>(PLAIN);
  /** Undefined until the file is open. */
  opened = $state.raw<Opened>();
  /** The frame that is looked at. */
  frame = $state(0);
  weight = $state.raw<Weight>();
  /** Why there is no such clip, or none at all. */
  refusal = $state.raw<ConvertError>();
  #before: WholeLook;

  constructor(look: WholeLook) {
    this.#before = look;
    this.fit = look.fit;
    this.quality = look.quality;
    this.edit = look.edit;
  }

  get look(): WholeLook {
    return { fit: this.fit, quality: this.quality, edit: this.edit };
  }

  get dirty(): boolean {
    const { fit, quality, edit } = this.#before;
    return fit !== this.fit || quality !== this.quality || !isSameEdit(edit, this.edit);
  }

  get shape(): Shape {
    return this.fit === 'fit' && this.edit.ground === 'blur' ? 'blur' : this.fit;
  }

  set shape(shape: Shape) {
    this.fit = shape === 'fill' ? 'fill' : 'fit';
    this.edit = { ...this.edit, ground: shape === 'blur' ? 'blur' : 'colour' };
    this.#settle();
  }

  get moves(): boolean {
    return (this.opened?.starts.length ?? 1) > 1;
  }

  get endUs(): number {
    return this.opened?.endUs ?? 0;
  }

  get toUs(): number {
    return Math.min(this.edit.toUs ?? this.endUs, this.endUs);
  }

  get #size(): Size {
    return this.opened?.size ?? { width: 4, height: 3 };
  }

  open(opened: Opened): void {
    this.opened = opened;
    const { fromUs } = this.edit;
    this.frame = fromUs < opened.endUs ? this.frameAt(fromUs) : 0;
    const isNew = !this.dirty;
    this.#settle();
    if (isNew) this.#before = this.look;
  }

  change(changes: Partial<Edit>): void {
    this.edit = { ...this.edit, ...changes };
  }

  turn(): void {
    this.edit = turned(this.edit);
    this.#settle();
  }

  mirror(): void {
    this.edit = mirrored(this.edit);
  }

  pan(dx: number, dy: number): void {
    this.edit = panned(this.edit, this.#size, this.fit, dx, dy);
  }

  zoom(factor: number, at?: { x: number; y: number }): void {
    this.edit = zoomed(this.edit, this.#size, this.fit, factor, at);
  }

  /** As it was when the editor opened. */
  undo(): void {
    const { fit, quality, edit } = this.#before;
    [this.fit, this.quality, this.edit] = [fit, quality, edit];
    this.#settle();
  }

  /** The frame that is seen at a time of the file. */
  frameAt(us: number): number {
    const starts = this.opened?.starts ?? [0];
    const after = starts.findIndex((start) => start > us);
    return Math.max(0, (after < 0 ? starts.length : after) - 1);
  }

  startOf(frame: number): number {
    return this.opened?.starts[frame] ?? 0;
  }

  /** The part begins with the frame at this time, which is looked at. */
  beginAt(us: number): void {
    const latest = Math.max(0, this.toUs - SHORTEST_US);
    const frame = this.frameAt(Math.min(us, latest));
    this.change({ fromUs: frame === 0 ? 0 : this.startOf(frame) });
    this.frame = frame;
  }

  /** The part ends before the frame at this time; the last that is in is looked at. */
  endAt(us: number): void {
    const wanted = Math.max(us, Math.min(this.endUs, this.edit.fromUs + SHORTEST_US));
    const frame = this.frameAt(wanted);
    const isEnd = wanted >= this.endUs;
    // Never nothing, however long a frame stands.
    const end = Math.max(this.startOf(frame), this.startOf(this.frameAt(this.edit.fromUs) + 1));
    this.change({ toUs: isEnd || end <= this.edit.fromUs ? null : end });
    this.frame = this.frameAt(this.toUs - 1);
  }

  /** What another file takes over. */
  lookFor(own: { edit: Edit; quality: Quality; moves: boolean }): WholeLook {
    const quality = own.moves === this.moves ? this.quality : own.quality;
    return { fit: this.fit, quality, edit: forOthers(this.edit, own.edit) };
  }

  #settle(): void {
    if (this.opened !== undefined) this.edit = settled(this.edit, this.#size, this.fit);
  }
}
