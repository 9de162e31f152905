import { ApiFailure } from '../../api/client';
import type { ItemChanges, MediaItem } from '../../api/types';
import { changeItem } from '../media/model.svelte';
import { titleOf } from '../media/name';
import { texts } from './texts';

export type Field = keyof ItemChanges;
export const FIELDS: readonly Field[] = ['title', 'tags', 'repeat', 'still_seconds'];

export const MOST_TAGS = 16;
export const LONGEST_TAG = 40;
const LONGEST_TITLE = 200;
const CONTROL = /\p{Cc}/u;

/** Tags that are in several spellings the same are kept once, as they were first. */
export function withTag(tags: readonly string[], added: string): string[] {
  const tag = added.trim().replace(/\s+/g, ' ');
  const there = tags.some((other) => other.toLowerCase() === tag.toLowerCase());
  return tag === '' || there ? [...tags] : [...tags, tag];
}

function refusal(field: Field, changes: ItemChanges): string | undefined {
  const { title, tags, repeat, still_seconds: still } = changes;
  const outside = (value: number | null | undefined, least: number, most: number): boolean =>
    typeof value === 'number' && !(value >= least && value <= most);
  if (field === 'title' && title !== undefined) {
    const length = [...title.trim()].length;
    if (length < 1 || length > LONGEST_TITLE || CONTROL.test(title)) return texts.badTitle;
  }
  if (field === 'tags' && tags !== undefined) {
    if (tags.length > MOST_TAGS) return texts.tooManyTags;
    if (tags.some((tag) => [...tag].length > LONGEST_TAG || CONTROL.test(tag))) return texts.badTag;
  }
  if (field === 'repeat' && (outside(repeat, 1, 1000) || (repeat ?? 1) % 1 !== 0)) {
    return texts.badRepeat;
  }
  if (field === 'still_seconds' && outside(still, 0.5, 86_400)) return texts.badStill;
  return undefined;
}

/** What somebody is about to change of an item. What is not touched goes on following the device. */
export class Draft {
  item = $state.raw<MediaItem>()!;
  saving = $state(false);
  errors = $state.raw<Partial<Record<Field | 'all', string>>>({});
  #edits = $state.raw<ItemChanges>({});

  constructor(item: MediaItem) {
    this.item = item;
  }

  get title(): string {
    return this.#edits.title ?? titleOf(this.item);
  }

  get tags(): readonly string[] {
    return this.#edits.tags ?? this.item.tags ?? [];
  }

  get repeat(): number | null {
    const { repeat } = this.#edits;
    return repeat === undefined ? (this.item.settings?.repeat ?? null) : repeat;
  }

  get still(): number | null {
    const { still_seconds: still } = this.#edits;
    return still === undefined ? (this.item.settings?.still_seconds ?? null) : still;
  }

  readonly changes: ItemChanges = $derived.by(() => {
    const { title, tags, repeat, still_seconds } = this.#edits;
    const { settings } = this.item;
    const other = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
    return {
      ...(title !== undefined && title.trim() !== titleOf(this.item) && { title: title.trim() }),
      ...(tags !== undefined && other(tags, this.item.tags ?? []) && { tags }),
      ...(repeat !== undefined && !Object.is(repeat, settings?.repeat ?? null) && { repeat }),
      ...(still_seconds !== undefined &&
        !Object.is(still_seconds, settings?.still_seconds ?? null) && { still_seconds }),
    };
  });

  get dirty(): boolean {
    return Object.keys(this.changes).length > 0;
  }

  edit(changes: ItemChanges): void {
    this.#edits = { ...this.#edits, ...changes };
    const others = Object.entries(this.errors).filter(([f]) => f !== 'all' && !(f in changes));
    this.errors = Object.fromEntries(others);
  }

  reset(): void {
    this.#edits = {};
    this.errors = {};
  }

  /** True when everything is on the device. */
  async save(): Promise<boolean> {
    if (this.saving) return false;
    const sent = this.changes;
    this.errors = {};
    for (const field of FIELDS) {
      const error = refusal(field, sent);
      if (error !== undefined) this.errors = { ...this.errors, [field]: error };
    }
    if (Object.keys(this.errors).length > 0) return false;
    this.saving = true;
    try {
      if (this.dirty) await changeItem(this.item.slug, sent);
      this.#edits = {};
      return true;
    } catch (error) {
      this.errors = placed(error);
      return false;
    } finally {
      this.saving = false;
    }
  }
}

/** A refusal beside the fields it is about, as far as it says which. */
function placed(error: unknown): Partial<Record<Field | 'all', string>> {
  const faults = error instanceof ApiFailure ? error.faults : {};
  const named = FIELDS.filter((field) => faults[field] !== undefined);
  if (named.length === 0) return { all: error instanceof Error ? error.message : String(error) };
  return Object.fromEntries(named.map((field) => [field, texts.refused(faults[field]!)]));
}
