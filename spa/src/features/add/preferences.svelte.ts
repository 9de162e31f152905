import type { Fit } from '../../convert/geometry';
import { USUAL, type Motion, type Quality } from '../../convert/quality';

const FIT = 'loop.fit';
const EDIT_FIRST = 'loop.edit_first';
const QUALITY: Readonly<Record<Motion, string>> = {
  film: 'loop.quality.film',
  animation: 'loop.quality.animation',
  still: 'loop.quality.still',
};

/** What this browser remembers; a private window may forget, and nothing is lost but a preference. */
function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // See above.
  }
}

function rememberedQuality(motion: Motion): Quality {
  const found = remembered(QUALITY[motion]);
  return found === 'off' || found === 'balanced' || found === 'small' ? found : USUAL[motion];
}

/** The look new files get. */
export class Preferences {
  fit = $state<Fit>(remembered(FIT) === 'fit' ? 'fit' : 'fill');
  /** How closely files are kept to, by what they show. */
  qualities = $state.raw<Readonly<Record<Motion, Quality>>>({
    film: rememberedQuality('film'),
    animation: rememberedQuality('animation'),
    still: USUAL.still,
  });

  /** New files wait to be edited. */
  editFirst = $state(remembered(EDIT_FIRST) === 'yes');

  setEditFirst(wanted: boolean): void {
    this.editFirst = wanted;
    remember(EDIT_FIRST, wanted ? 'yes' : 'no');
  }

  setFit(fit: Fit): void {
    this.fit = fit;
    remember(FIT, fit);
  }

  setQuality(motion: Motion, quality: Quality): void {
    this.qualities = { ...this.qualities, [motion]: quality };
    remember(QUALITY[motion], quality);
  }
}
