import { expect, it } from 'vitest';
import { LinkPace, Stopwatch } from './link_pace.svelte';

it('the pace of the link is that of what arrived, without the waits, once enough did', () => {
  const pace = new LinkPace();
  let now = 0;
  const watch = new Stopwatch(pace, () => now);
  const after = (seconds: number, bytes: number): void => {
    now += seconds * 1000;
    watch.arrived(bytes);
  };
  after(0, 0);
  after(1, 100_000);
  expect(pace.bytesPerSecond).toBeUndefined();
  after(1, 300_000);
  expect(pace.bytesPerSecond).toBe(150_000);
  watch.interrupted();
  after(60, 300_000);
  after(1, 900_000);
  expect(pace.bytesPerSecond).toBe(300_000);
});
