import { failureFrom } from '../../api/client';
import type { MediaItem } from '../../api/types';

/** Fetches an item's original from the device; `got` hears how much of it is here, where that can be said. */
export async function fetchOriginal(
  item: MediaItem,
  got: (fraction: number | undefined) => void,
  signal: AbortSignal,
): Promise<File> {
  const parts: BlobPart[] = [];
  try {
    const response = await fetch(item.url ?? '', { signal });
    if (!response.ok) throw failureFrom(response.status, await response.text());
    const size = Number(response.headers.get('content-length') ?? Number.NaN);
    const reader = response.body?.getReader();
    let length = 0;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      parts.push(part.value);
      length += part.value.length;
      got(size > 0 ? Math.min(1, length / size) : undefined);
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof TypeError)) throw error;
    throw failureFrom(0, '');
  }
  return new File(parts, item.filename, { type: item.type });
}
