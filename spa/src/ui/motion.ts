/** A duration in ms, or none for people who asked their system for less motion. */
export function still(ms: number): number {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : ms;
}
