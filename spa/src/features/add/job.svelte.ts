import { ApiFailure } from '../../api/client';
import { deliver, follow, News, NotLoaded, patiently, Rest, takeBack } from '../../api/deliver';
import type { Hold } from '../../api/deliver';
import type { StoringProgress, UploadState } from '../../api/types';
import { convert } from '../../convert/convert';
import { isPlain, isSameEdit, PLAIN, readEdit, type Edit } from '../../convert/edit';
import { ConvertError, displayMayConvert } from '../../convert/error';
import type { Fit } from '../../convert/geometry';
import type { Look } from '../../convert/messages';
import { motionOf, type Motion, type Quality } from '../../convert/quality';
import type { Kept, KeptFiles, KeptJob } from './kept';
import { linkPace, Stopwatch } from './link_pace.svelte';
import { parcelOf, recordOf } from './parcel';
import type { Keeper, Keeping, Stage } from './stages';
import { nextAt, randomId } from './tab';
import { failureText, reasonText } from './job_texts';

export type { Keeper } from './stages';

/** So often a job is sent again after the device has lost track of it. */
const SENT_AGAIN = 3;

/** One file on its way to the glass. */
export class Job {
  readonly id: string;
  readonly at: number;
  readonly file: File;
  readonly motion: Motion;
  fit = $state<Fit>('fill');
  quality = $state<Quality>('off');
  edit = $state.raw<Edit>(PLAIN);
  stage = $state<Stage>('waiting');
  /** Of the present stage, 0 to 1; undefined where nothing true can be said. */
  fraction = $state<number>();
  failure = $state('');
  /** Why nothing moves at the moment. */
  hold = $state<Hold>();
  /** Why the display converts this one, in words; empty when the browser does. */
  refusal = $state('');
  /** What the display does with it while it is storing. */
  doing = $state<UploadState['state']>();
  keeping = $state<Keeping>('pending');
  /** Somebody has stopped it: nothing is begun until {@link resume}. */
  paused = $state(false);
  /** Somebody is choosing its look: nothing is begun until that is over. */
  editing = $state(false);
  readonly #keeper: Keeper;
  #controller: AbortController | undefined;
  #frames: Blob | undefined;
  #uploadId: string | undefined;
  #sha256 = '';
  #sentAgain = 0;
  /** Of storing. */
  #rest = new Rest();
  /** Another tab has it. */
  #isGone = false;
  /** That it is over. */
  #news = new News();
  /** Where it is kept, if it is; writes follow one another. */
  #writing: Promise<Kept | undefined>;

  constructor(file: File, { fit, quality, edit }: Look, keeper: Keeper, record?: KeptJob) {
    this.file = file;
    this.fit = fit;
    this.quality = quality;
    this.edit = readEdit(edit);
    this.paused = record?.paused ?? false;
    this.motion = motionOf(file);
    this.id = record?.id ?? randomId();
    this.at = record?.at ?? nextAt();
    this.#keeper = keeper;
    this.#writing = keeper.kept;
  }

  static begin(file: File, look: Look, keeper: Keeper, paused = false): Job {
    const job = new Job(file, look, keeper);
    job.paused = paused;
    job.#keepNew();
    return job;
  }

  /** Goes on with what was kept; undefined when that is not enough. */
  static resume(record: KeptJob, files: KeptFiles, keeper: Keeper): Job | undefined {
    const { original, frames } = files;
    if (original === undefined) return undefined;
    const { name, type, modified } = record;
    const file = new File([original], name, { type, lastModified: modified });
    const job = new Job(file, record, keeper, record);
    job.keeping = 'kept';
    job.#frames = frames;
    job.#uploadId = record.uploadId;
    job.#sha256 = record.sha256;
    job.refusal = record.refusal;
    job.failure = record.failure;
    job.stage = record.stage === 'cancelled' ? 'waiting' : record.stage;
    // Frames made again may differ from those that are half sent.
    if (job.stage === 'ready' && !job.#isConverted) job.restart();
    return job;
  }

  get name(): string {
    return this.file.name || 'Pasted picture';
  }

  get active(): boolean {
    return this.stage === 'converting' || this.stage === 'sending' || this.stage === 'storing';
  }

  get ended(): boolean {
    return this.stage === 'done' || this.stage === 'failed';
  }

  /** Something is lost when the page goes now. */
  get isFragile(): boolean {
    return !this.ended && this.keeping !== 'kept';
  }

  /** More is done to it than the device could do. */
  get isEdited(): boolean {
    return !isPlain(this.edit);
  }

  get #isConverted(): boolean {
    return this.#frames !== undefined || this.refusal !== '';
  }

  /** It may be worked on. */
  get mayBegin(): boolean {
    return !this.paused && !this.editing;
  }

  /** What the display stores is out of our hands. */
  get mayPause(): boolean {
    return !this.ended && !this.paused && this.stage !== 'storing';
  }

  /** Stops where it is: sending goes on from there one day, a conversion from its beginning. */
  pause(): void {
    if (!this.mayPause) return;
    this.#stop();
    this.paused = true;
    this.#enter(this.#isConverted ? 'ready' : 'waiting');
    this.#save();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#save();
  }

  /** Takes another look; false when it has that already. Does not begin anew by itself. */
  change({ fit = this.fit, quality = this.quality, edit = this.edit }: Partial<Look>): boolean {
    const isSame = isSameEdit(edit, this.edit);
    if (fit === this.fit && quality === this.quality && isSame) return false;
    this.fit = fit;
    this.quality = quality;
    this.edit = edit;
    if (this.stage === 'waiting') this.#save();
    return true;
  }

  /** Begins anew, with the look it has now. */
  restart(): void {
    this.#stop();
    if (this.#uploadId !== undefined && this.stage !== 'done') void takeBack(this.#uploadId);
    this.#uploadId = undefined;
    this.#frames = undefined;
    this.refusal = '';
    const forgotten = this.stage === 'done';
    this.#enter('waiting');
    if (forgotten) this.#keepNew();
    else this.#save();
  }

  /** Tries again what has failed: not the conversion, when that was not it. */
  retry(): void {
    if (!this.#isConverted) return this.restart();
    this.#stop();
    this.#enter('ready');
    this.#save();
  }

  /** Stops wherever it is, and leaves nothing behind, here or on the device. */
  async discard(): Promise<void> {
    this.#stop();
    const id = this.stage === 'done' ? undefined : this.#uploadId;
    if (id !== undefined) {
      // Until the device has been told this has to outlive the page.
      this.#write((kept) => kept.put({ ...this.#record('waiting'), stage: 'cancelled' }));
      await takeBack(id);
    }
    this.#write((kept) => kept.remove(this.id));
  }

  /** Takes the device's word on how far storing is. */
  hear({ upload_id, job_id, percent, progress, stage }: StoringProgress): void {
    if (this.stage !== 'storing' || (upload_id ?? job_id) !== this.#uploadId) return;
    const value = percent ?? progress;
    if (value !== undefined) this.fraction = this.#rest.fraction(value);
    if (stage === 'complete' || stage === 'error') this.#news.tell();
  }

  /** Makes sure that no other tab has taken it over while this one slept. */
  async check(): Promise<void> {
    const kept = await this.#writing;
    if (kept === undefined || this.keeping !== 'kept' || this.stage === 'done') return;
    const mine = await kept.owns(this.id, this.#keeper.owner).catch(() => true);
    if (!mine && !this.#isGone) this.#lose();
  }

  // The steps. They never reject: how it went is in `stage` and `failure`.

  convert(): Promise<void> {
    return this.#attempt(async (signal) => {
      this.#enter('converting', 0);
      this.#frames = await patiently(() => this.#clip(signal), this.#holdWhile(signal), signal);
      this.#enter('ready');
      this.#save(this.#frames);
    });
  }

  send(): Promise<void> {
    return this.#attempt(async (signal) => {
      this.#enter('sending', 0);
      const hold = this.#holdWhile(signal);
      const parcel = parcelOf(this, this.#frames, this.#sha256);
      const watch = new Stopwatch(linkPace);
      const events = {
        hold: (why: Hold | undefined) => {
          hold(why);
          watch.interrupted();
        },
        moving: () => hold(undefined),
        created: (id: string) => {
          // One that is paused just then goes on with it one day.
          if (signal.aborted && !this.paused) return void takeBack(id);
          this.#uploadId = id;
          this.#save();
          watch.arrived(0);
        },
        acknowledged: (fraction: number) => {
          if (signal.aborted) return;
          this.fraction = fraction;
          watch.arrived(fraction * parcel.body.size);
          void this.check();
        },
        forgotten: () => {
          this.#uploadId = undefined;
          this.fraction = 0;
          this.#save();
        },
      };
      await deliver(parcel, this.#uploadId, events, signal);
      this.#enter('storing');
      this.#save();
    });
  }

  /** Follows what the display does with it. Afterwards it is done, has failed, or is ready to be sent again. */
  follow(): Promise<void> {
    return this.#attempt(async (signal) => {
      [this.#rest, this.#news] = [new Rest(), new News()];
      const events = {
        hold: this.#holdWhile(signal),
        news: this.#news,
        progress: ({ progress, state }: UploadState) => {
          this.fraction = this.#rest.fraction(progress);
          this.doing = state;
        },
      };
      const id = this.#uploadId ?? '';
      const stored = await follow(id, events, signal).catch((error: unknown) => {
        // What the display could not use is not sent a second time.
        if (!signal.aborted) this.#uploadId = this.#frames = undefined;
        throw error;
      });
      if (stored) {
        this.#enter('done');
        this.#write((kept) => kept.remove(this.id));
      } else {
        if (this.#sentAgain++ >= SENT_AGAIN) throw new ApiFailure(404, 'LOST', failureText.lost);
        this.#enter(this.#isConverted ? 'ready' : 'waiting');
        this.#save();
      }
    });
  }

  async #clip(signal: AbortSignal): Promise<Blob | undefined> {
    const events = {
      hashed: (sha256: string) => (this.#sha256 = sha256),
      progress: (done: number) => {
        this.hold = undefined;
        this.fraction = done;
      },
    };
    try {
      const { fit, quality } = this;
      const look = this.isEdited ? { fit, quality, edit: this.edit } : { fit, quality };
      return (await convert(this.file, look, events, signal)).file;
    } catch (error) {
      if (!(error instanceof ConvertError)) throw error;
      if (error.reason === 'not-loaded') throw new NotLoaded('convert', { cause: error });
      if (!displayMayConvert(error)) throw error;
      this.refusal = reasonText(error.reason, error.detail);
      return undefined;
    }
  }

  async #attempt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    try {
      await work(controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) this.#fail(error);
    }
  }

  #holdWhile(signal: AbortSignal): (why: Hold | undefined) => void {
    return (why) => {
      if (!signal.aborted) this.hold = why;
    };
  }

  #stop(): void {
    this.#controller?.abort(new DOMException('cancelled', 'AbortError'));
  }

  #enter(stage: Stage, fraction?: number): void {
    this.stage = stage;
    this.fraction = fraction;
    this.hold = undefined;
    this.doing = undefined;
    this.failure = '';
  }

  #fail(error: unknown): void {
    this.#enter('failed');
    const words = failureText.of(error);
    this.failure = this.refusal === '' ? words : failureText.both(this.refusal, words);
    this.#save();
  }

  #record(stage: Exclude<Stage, 'done'>): KeptJob {
    return recordOf(this, stage, this.#keeper.owner, this.#uploadId, this.#sha256);
  }

  #lose(): void {
    this.#isGone = true;
    this.#stop();
    this.#keeper.lost(this);
  }

  #keepNew(): void {
    this.keeping = 'pending';
    this.#writing = this.#keeper.kept.then(async (kept) => {
      try {
        await kept?.add(this.#record('waiting'), this.file);
        this.keeping = kept === undefined ? 'memory' : 'kept';
        return kept;
      } catch {
        this.keeping = 'memory';
        return undefined;
      }
    });
  }

  #save(frames?: Blob): void {
    const { stage } = this;
    if (stage === 'done') return;
    const record = this.#record(stage);
    this.#write(async (kept) => {
      // Without room for the frames the file itself is still kept: it is converted again then.
      const put = kept.put(record, frames).catch(() => kept.put(record));
      if (!(await put) && !this.#isGone) this.#lose();
    });
  }

  #write(change: (kept: Kept) => Promise<unknown>): void {
    this.#writing = this.#writing.then(async (kept) => {
      if (kept === undefined || this.#isGone) return undefined;
      try {
        await change(kept);
        return kept;
      } catch {
        this.keeping = 'memory';
        return undefined;
      }
    });
  }
}
