/** The order with `slug` moved to `index`; an index outside moves to the end that is nearest. */
export function movedTo(order: readonly string[], slug: string, index: number): string[] {
  const others = order.filter((other) => other !== slug);
  if (others.length === order.length) return [...order];
  const at = Math.min(Math.max(index, 0), others.length);
  return [...others.slice(0, at), slug, ...others.slice(at)];
}

/** The order when those of it that can be seen have been put in another: the rest follows as it was. */
export function withFirst(order: readonly string[], seen: readonly string[]): string[] {
  const moved = new Set(seen);
  return [...seen, ...order.filter((slug) => !moved.has(slug))];
}

/** The order with `slugs` back where they were `before`: each after the nearest one that is still there. */
export function withBack(
  order: readonly string[],
  before: readonly string[],
  slugs: readonly string[],
): string[] {
  let back = [...order];
  for (const slug of before.filter((other) => slugs.includes(other) && !order.includes(other))) {
    const ahead = before.slice(0, before.indexOf(slug)).findLast((other) => back.includes(other));
    const at = ahead === undefined ? 0 : back.indexOf(ahead) + 1;
    back = [...back.slice(0, at), slug, ...back.slice(at)];
  }
  return back;
}

export function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((slug, i) => slug === b[i]);
}
