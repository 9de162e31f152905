/** The order with `slug` moved to `index`; an index outside moves to the end that is nearest. */
export function movedTo(order: readonly string[], slug: string, index: number): string[] {
  const others = order.filter((other) => other !== slug);
  if (others.length === order.length) return [...order];
  const at = Math.min(Math.max(index, 0), others.length);
  return [...others.slice(0, at), slug, ...others.slice(at)];
}

export function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((slug, i) => slug === b[i]);
}
