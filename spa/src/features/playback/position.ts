import type { Player } from '../../api/types';

/**
 * Where in its pass the clip is, 0 to 1, at the device's time `nowMs`; undefined when there is
 * nothing to measure. A clip that repeats starts again without a message: hence the remainder.
 */
export function passFraction(player: Player | null, nowMs: number): number | undefined {
  const duration = player?.duration_ms ?? 0;
  if (player === null || duration <= 0 || player.position_ms === null) return undefined;
  const still = player.paused || !player.is_playing || player.position_at === null;
  const since = still ? 0 : Math.max(0, nowMs - player.position_at!);
  return ((player.position_ms + since) % duration) / duration;
}
