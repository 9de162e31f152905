/** The device's JSON, as far as the page reads it. */
import type { GlassState } from '../glass/state';

/** How an item was made from its original, and how it plays; null is the display's own default. */
export interface ItemSettings {
  fit: 'fill' | 'fit';
  quality: 'off' | 'balanced' | 'small';
  repeat: number | null;
  still_seconds: number | null;
}

export interface MediaItem {
  slug: string;
  filename: string;
  type: string;
  size: number;
  uploadedAt: string;
  url?: string | null;
  thumbnail?: string | null;
  /** Seconds of one pass; 0 for a still. */
  duration?: number | null;
  frame_count?: number | null;
  title?: string;
  tags?: string[];
  settings?: ItemSettings;
  /** The display itself can make the clip anew from the original. */
  convertible?: boolean;
  sha256?: string | null;
}

export interface TagCount {
  tag: string;
  count: number;
}

/** A part of the library, as it was asked for. */
export interface MediaPage {
  media: MediaItem[];
  total: number;
  offset: number;
  limit: number;
  tags: TagCount[];
}

/** What can be changed of an item; null goes back to the display's default. */
export interface ItemChanges {
  title?: string;
  tags?: string[];
  repeat?: number | null;
  still_seconds?: number | null;
}

/** Bytes of the device's disk. What an older device does not tell is absent. */
export interface StorageUse {
  total: number;
  used: number;
  free: number;
  media: number;
  uploads?: number;
  trash?: number;
  reserved?: number;
  min_free?: number;
}

export type LoopMode = 'all' | 'one';

export interface Player {
  is_playing: boolean;
  paused: boolean;
  current_media: string | null;
  loop_index: number | null;
  total_media: number | null;
  loop_mode: LoopMode;
  frame_count: number | null;
  duration_ms: number | null;
  /** Position at the server's time `position_at` (unix ms). */
  position_ms: number | null;
  position_at: number | null;
}

/** What carries pictures to an SPI panel, and its clock as asked for and as measured. */
export interface Bus {
  wire: 'rppal' | 'spidev' | 'simulated';
  requested_hz: number;
  effective_hz: number;
}

export interface Hardware {
  connected: boolean;
  panel: {
    kind: string;
    trouble: string | null;
    bus?: Bus | null;
    scheduling?: 'realtime' | 'normal';
  } | null;
}

export interface Dashboard {
  status: {
    system: string;
    status: string;
    timestamp: number;
    player: Player | null;
    hardware?: Hardware;
  };
  /** At most 200: those that loop first, then the newest. */
  media: MediaItem[];
  media_total?: number;
  active: string | null;
  loop: string[];
  display?: { brightness: number; rotation: number } | null;
}

export interface StoringProgress {
  filename?: string;
  percent?: number;
  progress?: number;
  stage?: string;
  message?: string | null;
  upload_id?: string;
  job_id?: string;
}

/** An upload as the device knows it; its outcome is remembered for a while. */
export interface UploadState {
  id: string;
  filename: string;
  offset: number;
  length: number;
  state: 'receiving' | 'waiting' | 'converting' | 'storing' | 'complete' | 'failed';
  /** 0 to 100, of the whole. */
  progress: number;
  slug: string | null;
  code: string | null;
  message: string | null;
  /** What came of a library that was sent. */
  imported?: Imported | null;
}

/** How an import ended. */
export interface Imported {
  imported: number;
  /** There already. */
  skipped: number;
  /** New, with a name that another item had. */
  renamed: { from: string; to: string }[];
  failed: { slug: string; message: string }[];
}

/** Everything the WebSocket says; each message also has a server `timestamp` in seconds. */
export type ServerMessage = { timestamp?: number } & (
  | { type: 'connection' }
  | { type: 'pong' }
  | { type: 'initial_dashboard' | 'dashboard_update'; data: Dashboard }
  | { type: 'media_uploaded' | 'media_changed'; data: MediaItem }
  | { type: 'media_deleted'; data: { slug: string } }
  | { type: 'loop_updated'; data: { loop: string[] } }
  | { type: 'playback_changed'; data: { player: Player | null } }
  | { type: 'glass'; data: GlassState }
  | { type: 'brightness_changed'; data: { brightness: number } }
  | { type: 'system_status_changed'; data: { hardware: Hardware } }
  | { type: 'upload_progress' | 'processing_progress'; data: StoringProgress }
);

/** The envelope around most answers. */
export interface Envelope<T> {
  success: boolean;
  message: string | null;
  data: T | null;
}
