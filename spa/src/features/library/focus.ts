import { tick } from 'svelte';

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-slug]')];

/**
 * Does something that makes rows go away, and sees to it that the focus is not lost with them: it goes to the next row
 * that stays, or to the one before, or to the search.
 */
export async function keepFocus(
  leaving: readonly string[],
  act: () => Promise<unknown>,
): Promise<void> {
  const all = rows();
  const stays = (row: HTMLElement): boolean => !leaving.includes(row.dataset.slug ?? '');
  const last = all.findLastIndex((row) => !stays(row));
  const next = all.slice(last + 1).find(stays) ?? all.slice(0, last + 1).findLast(stays);
  const slug = next?.dataset.slug;
  const acted = act();
  await tick();
  restore(slug);
  await acted;
  await tick();
  restore(slug);
}

function restore(slug: string | undefined): void {
  const { activeElement } = document;
  if (activeElement !== null && activeElement !== document.body) return;
  const row = slug === undefined ? undefined : rows().find((other) => other.dataset.slug === slug);
  const target = row?.querySelector<HTMLElement>('.play') ?? document.querySelector('#search');
  (target as HTMLElement | null)?.focus({ preventScroll: row === undefined });
}
