/** What can be chosen of a file's look, in the words of all who offer it. */
import { texts } from './job_texts';

export const FITS = [
  { value: 'fill', label: texts.fill },
  { value: 'fit', label: texts.fit },
] as const;

export const QUALITIES = [
  { value: 'off', label: texts.exact },
  { value: 'balanced', label: texts.balanced },
  { value: 'small', label: texts.small },
] as const;
