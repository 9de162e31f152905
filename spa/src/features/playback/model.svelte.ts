import { ApiFailure, call } from '../../api/client';
import type { LoopMode } from '../../api/types';
import { device } from '../../device/device.svelte';
import { toasts } from '../../ui/toasts.svelte';

type Command = 'next' | 'previous' | 'pause' | 'resume' | 'loop-mode';

/**
 * Commands to the player. None of them pretends: the page shows the change when the player says
 * so, which on a local network is a few milliseconds later.
 */
class Playback {
  busy = $state(false);

  async #ask(command: Command): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await call('POST', `/api/playback/${command}`);
    } catch (error) {
      toasts.fail(error instanceof ApiFailure ? error.message : String(error));
    } finally {
      this.busy = false;
    }
  }

  next = (): Promise<void> => this.#ask('next');
  previous = (): Promise<void> => this.#ask('previous');
  pauseOrResume = (): Promise<void> =>
    this.#ask(device.state.player?.paused === true ? 'resume' : 'pause');

  /** The device only knows "the other mode", so a mode that is already on is not asked for. */
  repeat = async (mode: LoopMode): Promise<void> => {
    if (device.state.player?.loop_mode !== mode) await this.#ask('loop-mode');
  };
}

export const playback = new Playback();
