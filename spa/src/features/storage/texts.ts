import type { Imported } from '../../api/types';
import type { Cleaned } from './storage.svelte';

function counted(n: number, one: string, many: string): string[] {
  return n > 0 ? [`${n} ${n === 1 ? one : many}`] : [];
}

export const texts = {
  heading: 'Storage',
  parts: {
    media: 'Library',
    uploads: 'Uploads',
    trash: 'Deleted',
    other: 'System',
    free: 'Free',
  },
  room: (bytes: string) => `Room for ${bytes} more`,
  full: 'No room for more',
  keeps: (bytes: string) => `${bytes} are always kept free.`,
  reserved: (bytes: string) => `${bytes} are promised to uploads under way.`,
  of: (bytes: string) => `of ${bytes}`,
  unreachable: 'The display did not say how full it is.',
  old: 'These figures may be old.',
  cleanUp: 'Clean up',
  cleaning: 'Cleaning up…',
  cleanHint: 'Removes leftovers, uploads nobody goes on with, and what was deleted.',
  cleaned: ({ files, uploads, trash }: Cleaned, bytes: string): string => {
    const what = [
      ...counted(files, 'leftover file', 'leftover files'),
      ...counted(uploads, 'unfinished upload', 'unfinished uploads'),
      ...counted(trash, 'deleted item', 'deleted items'),
    ];
    return what.length === 0 ? 'Nothing to clean up.' : `Removed ${what.join(', ')}: ${bytes}.`;
  },
  backup: 'Copy of the library',
  backupHint:
    'All items with their originals, order and settings, in one file: to clone a display or to bring it back.',
  export: 'Export',
  exportSize: (bytes: string) => `Export, ${bytes}`,
  import: 'Import',
  importing: 'Sending the library',
  percent: (fraction: number) => `${Math.floor(fraction * 100)} %`,
  unpacking: 'The display is unpacking and checking it',
  goesOn: 'It goes on there when you close this page.',
  cancel: 'Cancel',
  again: 'Try again',
  dismiss: 'Close',
  imported: ({ imported, skipped, renamed, failed }: Imported) => {
    const parts = [
      `${imported} ${imported === 1 ? 'item' : 'items'} imported`,
      ...(skipped > 0 ? [`${skipped} there already`] : []),
      ...(renamed.length > 0 ? [`${renamed.length} of them under another name`] : []),
      ...(failed.length > 0 ? [`${failed.length} could not be imported`] : []),
    ];
    return `${parts.join(', ')}.`;
  },
  leave: 'The library is still on its way to the display.',
};
