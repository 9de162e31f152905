import type { StorageUse } from '../../api/types';

export interface Part {
  name: 'media' | 'uploads' | 'trash' | 'other' | 'free';
  bytes: number;
}

/** What lies on the disk, part by part; together they are all of it. */
export function parts(use: StorageUse): Part[] {
  const { media, uploads = 0, trash = 0 } = use;
  return [
    { name: 'media', bytes: media },
    { name: 'uploads', bytes: uploads },
    { name: 'trash', bytes: trash },
    { name: 'other', bytes: Math.max(0, use.used - media - uploads - trash) },
    { name: 'free', bytes: use.free },
  ];
}

/** Room for new items: what is free, but for what is kept free and what uploads under way will take. */
export function room({ free, min_free = 0, reserved = 0 }: StorageUse): number {
  return Math.max(0, free - min_free - reserved);
}
