import { vi } from 'vitest';
import type { Job } from './job.svelte';
import { Queue } from './queue.svelte';

/** What tests of the queue do with it. */
let tabs: Queue[] = [];

export const file = (name: string): File =>
  new File([`original of ${name}`], name, { type: 'image/gif' });
export const stages = ({ jobs }: Queue): string[] =>
  jobs.map(({ name, stage }) => `${name} ${stage}`);
export const until = (check: () => void) => vi.waitFor(check, { timeout: 4_000, interval: 10 });
export const never = (): Promise<never> => new Promise(() => undefined);

/** A tab of the browser; all share its storage. */
export function open(): Queue {
  const tab = new Queue();
  tabs.push(tab);
  return tab;
}

/** The tab ends at once, without a word to the device or anybody. */
export function kill(tab: Queue): void {
  for (const job of tab.jobs) stop(job);
  tab.jobs = [];
}

export function killAll(): void {
  tabs.forEach(kill);
  tabs = [];
}

/** What a page that goes does to what runs in it: nothing more is heard of it. */
function stop(job: Job): void {
  job.send = job.convert = job.follow = never;
  Object.assign(job, { restart: () => undefined });
}
