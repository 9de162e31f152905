import { call } from '../../api/client';
import { device } from '../../device/device.svelte';
import { withBrightness } from '../../device/state';

const PAUSE_MS = 120;

/** The brightness slider: shows what the finger says, sends at most eight values a second, ends with the device's word. */
class Brightness {
  #wanted = $state<number>();
  #sending = false;

  get value(): number | null {
    return this.#wanted ?? device.state.brightness;
  }

  set(value: number): void {
    this.#wanted = value;
    if (!this.#sending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    let sent: number | undefined;
    while (this.#wanted !== undefined && this.#wanted !== sent) {
      const value = this.#wanted;
      sent = value;
      const done = await device.change(
        (state) => withBrightness(state, value),
        async () => {
          const data = await call('POST', '/api/display/brightness', {
            brightness: value,
          });
          const confirmed = data?.brightness ?? value;
          return (state) => withBrightness(state, confirmed);
        },
      );
      if (!done) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    this.#wanted = undefined;
    this.#sending = false;
  }
}

export const brightness = new Brightness();
