/** What is loaded when the page itself stands: see intake.ts. */
export { default as Jobs } from './Jobs.svelte';
export { queue } from './queue.svelte';
