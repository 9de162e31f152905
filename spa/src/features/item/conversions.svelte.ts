import type { StoringProgress } from '../../api/types';
import { device } from '../../device/device.svelte';

/** One item's clip being made anew on the device. */
export interface Conversion {
  job: string;
  percent: number;
  running: boolean;
  failure: string;
}

/** What the device says about clips it makes anew because this page asked for it. */
class Conversions {
  #all = $state.raw<ReadonlyMap<string, Conversion>>(new Map());

  constructor() {
    device.listen((message) => {
      if (message.type === 'processing_progress') this.#hear(message.data);
    });
  }

  of(slug: string): Conversion | undefined {
    return this.#all.get(slug);
  }

  begin(slug: string, job: string): void {
    this.#set(slug, { job, percent: 0, running: true, failure: '' });
  }

  #hear({ job_id, percent, progress, stage, message }: StoringProgress): void {
    for (const [slug, conversion] of this.#all) {
      if (conversion.job !== job_id) continue;
      this.#set(slug, {
        ...conversion,
        percent: Math.round(percent ?? progress ?? conversion.percent),
        running: stage !== 'complete' && stage !== 'error',
        failure: stage === 'error' ? (message ?? '') : '',
      });
    }
  }

  #set(slug: string, conversion: Conversion): void {
    this.#all = new Map([...this.#all, [slug, conversion]]);
  }
}

export const conversions = new Conversions();
