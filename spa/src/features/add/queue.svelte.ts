import type { Fit } from '../../convert/geometry';
import { USUAL, type Motion, type Quality } from '../../convert/quality';
import { device } from '../../device/device.svelte';
import { Job } from './job.svelte';

const FIT = 'loop.fit';
const QUALITY: Readonly<Record<Motion, string>> = {
  film: 'loop.quality.film',
  animation: 'loop.quality.animation',
  still: 'loop.quality.still',
};

/** What this browser remembers; a private window may forget, and nothing is lost but a preference. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See above.
  }
}

function rememberedQuality(motion: Motion): Quality {
  const found = remembered(QUALITY[motion]);
  return found === 'off' || found === 'balanced' || found === 'small' ? found : USUAL[motion];
}

/** The files on their way to the display: one at a time, in the order they came. */
class Queue {
  jobs = $state.raw<readonly Job[]>([]);
  /** The shape new files get; remembered by this browser. */
  fit = $state<Fit>(remembered(FIT) === 'fit' ? 'fit' : 'fill');
  /** How closely new files are kept to, by what they show. */
  qualities = $state.raw<Readonly<Record<Motion, Quality>>>({
    film: rememberedQuality('film'),
    animation: rememberedQuality('animation'),
    still: USUAL.still,
  });
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
    const jobs = Array.from(files, (file) => new Job(file, this.fit, this.qualities));
    this.jobs = [...this.jobs, ...jobs];
    void this.#work();
  }

  /** The shape for files to come and for those still waiting. */
  setFit(fit: Fit): void {
    this.fit = fit;
    for (const job of this.jobs) if (job.stage === 'waiting') job.fit = fit;
    remember(FIT, fit);
  }

  /** The quality for films, or animations, to come and for those still waiting. */
  setQuality(motion: Motion, quality: Quality): void {
    this.qualities = { ...this.qualities, [motion]: quality };
    for (const job of this.jobs) {
      if (job.stage === 'waiting' && job.motion === motion) job.quality = quality;
    }
    remember(QUALITY[motion], quality);
  }

  /** Another look for one file: what was begun or done with the old one is done again. */
  change(job: Job, look: { fit?: Fit; quality?: Quality }): void {
    const { fit = job.fit, quality = job.quality } = look;
    if ((fit === job.fit && quality === job.quality) || job.stage === 'storing') return;
    job.fit = fit;
    job.quality = quality;
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
