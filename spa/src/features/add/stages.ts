import type { Kept, KeptStage } from './kept';
import type { Job } from './job.svelte';

/** `ready` waits to be sent. */
export type Stage = 'waiting' | 'converting' | 'ready' | 'sending' | 'storing' | 'done' | 'failed';

/** What outlives the page: nothing yet or no more, all that is needed to go on, or nothing at all. */
export type Keeping = 'pending' | 'kept' | 'memory';

/** Where a job is kept, and by whom. */
export interface Keeper {
  readonly owner: string;
  readonly kept: Promise<Kept | undefined>;
  /** Another tab has taken the job over. */
  lost: (job: Job) => void;
}

/** How a running job is kept: what was half done is done again. */
export const KEPT_AS: Readonly<Record<Exclude<Stage, 'done'>, KeptStage>> = {
  waiting: 'waiting',
  converting: 'waiting',
  ready: 'ready',
  sending: 'ready',
  storing: 'storing',
  failed: 'failed',
};
