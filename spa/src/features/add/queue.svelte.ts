import { prepare, takeBack } from '../../api/deliver';
import type { Fit } from '../../convert/geometry';
import type { Look } from '../../convert/messages';
import { motionOf, type Motion, type Quality } from '../../convert/quality';
import { device } from '../../device/device.svelte';
import { announcer } from '../../ui/announcer.svelte';
import { Job, type Keeper } from './job.svelte';
import { Kept, type KeptJob } from './kept';
import { Preferences } from './preferences.svelte';
import { Tab } from './tab';
import { texts } from './job_texts';

/** So many may wait converted: while the link is lost a long queue would fill this browser's disk. */
const AHEAD = 2;
/** How often we look for what a tab left that ended without a word. */
const LOOK_MS = 15_000;

/** The files on their way to the display, in the order they came: one is converted while another is sent. */
export class Queue {
  jobs = $state.raw<readonly Job[]>([]);
  readonly preferences = new Preferences();
  readonly #kept = Kept.open();
  readonly #tab = new Tab(
    (id) => this.jobs.some((job) => job.id === id),
    () => void this.resume(),
  );
  readonly #keeper: Keeper = {
    owner: this.#tab.id,
    kept: this.#kept,
    lost: (job) => this.#drop(job),
  };
  #looking: ReturnType<typeof setInterval> | undefined;
  #resuming = false;
  #converting = false;
  #sending = false;

  constructor() {
    device.listen((message) => {
      if (message.type !== 'upload_progress' && message.type !== 'processing_progress') return;
      this.jobs.forEach((job) => job.hear(message.data));
    });
  }

  /** Goes on with what was left here, and keeps looking for more until {@link end}. */
  begin(): void {
    void this.resume();
    this.#looking = setInterval(() => void this.resume(), LOOK_MS);
  }

  /** The page goes: other tabs may go on with what is kept. */
  end(): void {
    clearInterval(this.#looking);
    this.#tab.leave();
  }

  /** The page is back, perhaps after a sleep. */
  wake(): void {
    for (const job of this.jobs) void job.check();
    void this.resume();
  }

  /** Something would be lost if the page went now. */
  get isFragile(): boolean {
    return this.jobs.some((job) => job.isFragile);
  }

  get failed(): readonly Job[] {
    return this.jobs.filter((job) => job.stage === 'failed');
  }

  get running(): readonly Job[] {
    return this.jobs.filter((job) => job.mayPause);
  }

  get paused(): readonly Job[] {
    return this.jobs.filter((job) => job.paused);
  }

  /** Called with new files that wait to be edited. */
  onEditFirst: ((job: Job) => void) | undefined;

  /** `look` is for these files alone; what it leaves out is as for all others. */
  add(files: Iterable<File>, look?: Partial<Look>): void {
    const { fit, qualities, editFirst } = this.preferences;
    const waits = editFirst && look === undefined;
    const jobs = Array.from(files, (file) =>
      Job.begin(file, { fit, quality: qualities[motionOf(file)], ...look }, this.#keeper, waits),
    );
    this.jobs = [...this.jobs, ...jobs];
    this.#work();
    if (waits && jobs[0] !== undefined) this.onEditFirst?.(jobs[0]);
  }

  pause(...jobs: readonly Job[]): void {
    for (const job of jobs) job.pause();
    this.#work();
  }

  goOn(...jobs: readonly Job[]): void {
    for (const job of jobs) job.resume();
    this.#work();
  }

  /** While its look is being chosen a file that waits goes on waiting. */
  setEditing(job: Job, editing: boolean): void {
    job.editing = editing;
    this.#work();
  }

  /** The shape for files to come and for those still waiting. */
  setFit(fit: Fit): void {
    this.preferences.setFit(fit);
    for (const job of this.jobs) if (job.stage === 'waiting') job.change({ fit });
  }

  /** The quality for films, or animations, to come and for those still waiting. */
  setQuality(motion: Motion, quality: Quality): void {
    this.preferences.setQuality(motion, quality);
    for (const job of this.jobs) {
      if (job.stage === 'waiting' && job.motion === motion) job.change({ quality });
    }
  }

  /** Another look for one file: what was begun or done with the old one is done again. */
  change(job: Job, look: Partial<Look>): void {
    if (job.stage === 'storing' || !job.change(look)) return;
    job.restart();
    this.#work();
  }

  retry(...jobs: readonly Job[]): void {
    for (const job of jobs) job.retry();
    this.#work();
  }

  /** Stops a file wherever it is and forgets it. */
  remove(job: Job): void {
    this.#drop(job);
    void job.discard();
  }

  clearFinished(): void {
    this.jobs = this.jobs.filter((job) => job.stage !== 'done');
  }

  /** Goes on with files whose tab is no more. */
  async resume(): Promise<void> {
    if (this.#resuming) return;
    this.#resuming = true;
    try {
      const kept = await this.#kept;
      if (kept !== undefined) await this.#adopt(kept);
    } catch {
      // The browser has closed its storage: what is in memory goes on.
    } finally {
      this.#resuming = false;
    }
  }

  async #adopt(kept: Kept): Promise<void> {
    const others = (await kept.list()).filter(({ owner }) => owner !== this.#tab.id);
    if (others.length === 0) return;
    const abandoned = await this.#tab.abandoned(others.map(({ id }) => id));
    let count = 0;
    for (const { id, owner } of others) {
      if (!abandoned.includes(id)) continue;
      const taken = await kept.adopt(id, owner, this.#tab.id);
      if (taken !== undefined && (await this.#take(kept, taken))) count++;
    }
    if (count > 0) announcer.say(texts.goOn(count));
    this.#work();
  }

  async #take(kept: Kept, record: KeptJob): Promise<boolean> {
    const job =
      record.stage === 'cancelled'
        ? undefined
        : Job.resume(record, await kept.files(record.id), this.#keeper);
    if (job === undefined) {
      const told = record.uploadId === undefined ? Promise.resolve() : takeBack(record.uploadId);
      void told.then(() => kept.remove(record.id)).catch(() => undefined);
      return false;
    }
    this.jobs = [...this.jobs, job].sort((a, b) => a.at - b.at);
    if (job.stage === 'storing') void this.#follow(job);
    return true;
  }

  #drop(job: Job): void {
    this.jobs = this.jobs.filter((other) => other !== job);
  }

  #work(): void {
    if (this.jobs.some((job) => !job.ended)) prepare();
    void this.#convertAll();
    void this.#sendAll();
  }

  async #convertAll(): Promise<void> {
    if (this.#converting) return;
    this.#converting = true;
    for (let job = this.#nextToConvert(); job !== undefined; job = this.#nextToConvert()) {
      await job.convert();
      void this.#sendAll();
    }
    this.#converting = false;
  }

  async #sendAll(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let job = this.#nextToSend(); job !== undefined; job = this.#nextToSend()) {
      const sent = job.send();
      // One less waits: there is room for another.
      void this.#convertAll();
      await sent;
      if (job.stage === 'storing') void this.#follow(job);
    }
    this.#sending = false;
  }

  async #follow(job: Job): Promise<void> {
    await job.follow();
    if (job.stage === 'done') announcer.say(texts.isDone(job.name));
    this.#work();
  }

  #nextToConvert(): Job | undefined {
    const ahead = this.jobs.filter(({ stage, paused }) => stage === 'ready' && !paused).length;
    return ahead < AHEAD ? this.#first('waiting') : undefined;
  }

  /** One at a time is stored, too, so that they loop in their order; conversions by the display would take too long. */
  #nextToSend(): Job | undefined {
    const isStoring = this.jobs.some((job) => job.stage === 'storing' && job.refusal === '');
    return isStoring ? undefined : this.#first('ready');
  }

  #first(stage: 'waiting' | 'ready'): Job | undefined {
    return this.jobs.find((job) => job.stage === stage && job.mayBegin);
  }
}

export const queue = new Queue();
