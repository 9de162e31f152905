import { tick } from 'svelte';

const rows = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>('[data-slug]')];

/**
 * Does something that makes rows go away, and sees to it that the focus is not lost with them: it goes to the next row
 * that stays, or to the one before, or to the search.
 */
export async function keepFocus(
  leaving: readonly string[],
  act: () => Promise<boolean>,
): Promise<void> {
  const leaves = (row: HTMLElement): boolean => leaving.includes(row.dataset.slug ?? '');
  const all = rows();
  const last = all.findLastIndex(leaves);
  const stays = (row: HTMLElement): boolean => !leaves(row);
  const next = all.slice(last + 1).find(stays) ?? all.slice(0, last + 1).findLast(stays);
  const slug = next?.dataset.slug;
  // The focus of a row that goes later, when the device has been asked again, is moved while it is still there.
  const lost = (): boolean => {
    const active = document.activeElement;
    const row = active?.closest<HTMLElement>('[data-slug]') ?? null;
    return active === null || active === document.body || (row !== null && leaves(row));
  };
  const had = lost() || document.querySelector('.chosen-bar:focus-within') !== null;
  const done = await act();
  await tick();
  if (done && had && lost()) focusRow(slug);
}

function focusRow(slug: string | undefined): void {
  const row = slug === undefined ? undefined : rows().find((other) => other.dataset.slug === slug);
  const target =
    row?.querySelector<HTMLElement>('.play') ?? document.querySelector<HTMLElement>('#search');
  target?.focus({ preventScroll: row === undefined });
}
