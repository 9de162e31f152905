/** What the device says is on its glass. */
export type GlassState =
  | {
      mode: 'clip';
      slug: string;
      clip: string;
      frame_count: number;
      duration_ms: number;
      /** Where in the pass it was, `age_ms` before this was sent. */
      position_ms: number;
      age_ms: number;
      /** The device's own time of that; two messages with the same one speak of the same moment. */
      as_of_ms: number;
      paused: boolean;
    }
  | { mode: 'live' }
  | { mode: 'away'; reason: string };

export type ClipState = Extract<GlassState, { mode: 'clip' }>;

/** Somebody who wants to see the glass. */
export interface GlassViewer {
  state: (state: GlassState) => void;
  /** A picture of live content, or what has changed in it. */
  record: (message: ArrayBuffer) => void;
}

/** Where news of the glass come from. */
export interface GlassFeed {
  /** Whether news come at all now. */
  readonly isOpen: boolean;
  /** Asks for everything from the start, until the returned function is called. */
  watchGlass: (viewer: GlassViewer) => () => void;
}
