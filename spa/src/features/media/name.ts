import type { MediaItem } from '../../api/types';

/** A file's name as people say it: without the ending. */
export function spokenName(filename: string): string {
  return filename.replace(/\.[a-z0-9]{1,5}$/i, '') || filename;
}

/** What an item is called. */
export function titleOf(item: Pick<MediaItem, 'title' | 'filename'>): string {
  return item.title || spokenName(item.filename);
}
