import type { Fit } from '../../convert/geometry';
import { device } from '../../device/device.svelte';
import { Job } from './job.svelte';

const REMEMBERED = 'loop.fit';

function rememberedFit(): Fit {
  try {
    return localStorage.getItem(REMEMBERED) === 'fit' ? 'fit' : 'fill';
  } catch {
    return 'fill';
  }
}

/** The files on their way to the display: one at a time, in the order they came. */
class Queue {
  jobs = $state.raw<readonly Job[]>([]);
  /** The shape new files get; remembered by this browser. */
  fit = $state<Fit>(rememberedFit());
  #running = false;

  constructor() {
    device.listen((message) => {
      if (message.type !== 'upload_progress' && message.type !== 'processing_progress') return;
      this.jobs.forEach((job) => job.hear(message.data));
    });
  }

  get busy(): boolean {
    return this.jobs.some((job) => job.active || job.stage === 'waiting');
  }

  get hasFinished(): boolean {
    return this.jobs.some((job) => job.stage === 'done');
  }

  add(files: Iterable<File>): void {
    this.jobs = [...this.jobs, ...Array.from(files, (file) => new Job(file, this.fit))];
    void this.#work();
  }

  /** The shape for files to come and for those still waiting. */
  setFit(fit: Fit): void {
    this.fit = fit;
    for (const job of this.jobs) if (job.stage === 'waiting') job.fit = fit;
    try {
      localStorage.setItem(REMEMBERED, fit);
    } catch {
      // A private window forgets; nothing is lost but a preference.
    }
  }

  /** Another shape for one file: what was begun or done with the old one is done again. */
  refit(job: Job, fit: Fit): void {
    if (job.fit === fit || job.stage === 'storing') return;
    job.fit = fit;
    this.retry(job);
  }

  retry(job: Job): void {
    job.reset();
    void this.#work();
  }

  /** Stops a file wherever it is and forgets it. */
  remove(job: Job): void {
    job.cancel();
    this.jobs = this.jobs.filter((other) => other !== job);
  }

  clearFinished(): void {
    this.jobs = this.jobs.filter((job) => job.stage !== 'done');
  }

  async #work(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for (let job = this.#next(); job !== undefined; job = this.#next()) await job.run();
    this.#running = false;
  }

  #next(): Job | undefined {
    return this.jobs.find((job) => job.stage === 'waiting');
  }
}

export const queue = new Queue();
