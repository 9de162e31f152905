import { ApiFailure } from '../../api/client';
import type { StoringProgress } from '../../api/types';
import { upload } from '../../api/upload';
import { convert } from '../../convert/convert';
import { ConvertError } from '../../convert/error';
import type { Fit } from '../../convert/geometry';
import type { ConvertNote } from '../../convert/messages';
import { motionOf, type Motion, type Quality } from '../../convert/quality';
import { framesName } from '../../convert/slug';
import { reasonText } from './texts';

export type Stage = 'waiting' | 'converting' | 'sending' | 'storing' | 'done' | 'failed';

let lastId = 0;

/** Not `randomUUID`: plain http does not have it, and this only has to differ between pages. */
function uploadId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** One file on its way to the glass. */
export class Job {
  readonly id = ++lastId;
  readonly file: File;
  readonly motion: Motion;
  fit = $state<Fit>('fill');
  quality = $state<Quality>('off');
  stage = $state<Stage>('waiting');
  /** Of the present stage, 0 to 1; undefined where nothing true can be said. */
  fraction = $state<number>();
  failure = $state('');
  note = $state<ConvertNote>();
  #controller: AbortController | undefined;
  #uploadId = '';

  constructor(file: File, fit: Fit, qualities: Readonly<Record<Motion, Quality>>) {
    this.file = file;
    this.fit = fit;
    this.motion = motionOf(file);
    this.quality = qualities[this.motion];
  }

  get name(): string {
    return this.file.name || 'Pasted picture';
  }

  get active(): boolean {
    return this.stage === 'converting' || this.stage === 'sending' || this.stage === 'storing';
  }

  /** Puts a finished, failed or running job back to the start. */
  reset(): void {
    this.#controller?.abort();
    this.stage = 'waiting';
    this.fraction = undefined;
    this.failure = '';
    this.note = undefined;
  }

  cancel(): void {
    this.#controller?.abort(new DOMException('cancelled', 'AbortError'));
  }

  /** Takes the device's word on how far storing is. */
  hear({ upload_id, percent, progress }: StoringProgress): void {
    if (this.stage !== 'storing' || upload_id !== this.#uploadId) return;
    const value = percent ?? progress;
    if (value !== undefined) this.fraction = Math.min(1, value / 100);
  }

  /** Runs all stages. Never rejects: how it went is in `stage` and `failure`. */
  async run(): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    try {
      await this.#work(controller.signal);
      if (!controller.signal.aborted) this.#enter('done');
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    this.#enter('converting', 0);
    const look = { fit: this.fit, quality: this.quality };
    const clip = await convert(this.file, look, (done) => (this.fraction = done), signal);
    this.note = clip.note;
    this.#enter('sending', 0);
    this.#uploadId = uploadId();
    const frames = { frames: clip.zip, framesName: framesName(this.name), id: this.#uploadId };
    const sent = (fraction: number): void => {
      if (fraction < 1) this.fraction = fraction;
      else this.#enter('storing');
    };
    await upload({ original: this.file, ...frames }, sent, signal);
  }

  #enter(stage: Stage, fraction?: number): void {
    this.stage = stage;
    this.fraction = fraction;
  }

  #fail(error: unknown): void {
    this.#enter('failed');
    if (error instanceof ConvertError) this.failure = reasonText(error.reason, error.detail);
    else if (error instanceof ApiFailure) this.failure = error.message;
    else this.failure = reasonText('internal', error instanceof Error ? error.message : '');
  }
}
