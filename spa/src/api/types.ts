/** The device's JSON, as far as the page reads it. It is what the device says of itself: see `schema.d.ts`. */
import type { GlassState } from '../glass/state';
import type { components } from './schema';

type Schemas = components['schemas'];

/** Of what the device tells the page needs this; the rest an older device may leave out. */
type Told<T, Needed extends keyof T> = Pick<T, Needed> & Partial<Omit<T, Needed>>;

/** How an item was made from its original, and how it plays; null is the display's own default. */
export type ItemSettings = Schemas['Settings'];

export type MediaItem = Told<
  Schemas['MediaItem'],
  'slug' | 'filename' | 'type' | 'size' | 'uploadedAt'
>;

export type TagCount = Schemas['TagCount'];

/** A part of the library, as it was asked for. */
export type MediaPage = Pick<Schemas['MediaPage'], 'total' | 'offset' | 'limit' | 'tags'> & {
  media: MediaItem[];
};

/** What the page changes of an item; null goes back to the display's default. */
export type ItemChanges = Omit<Schemas['Changes'], 'title'> & { title?: string };

/** Bytes of the device's disk. What an older device does not tell is absent. */
export type StorageUse = Told<Schemas['Storage'], 'total' | 'used' | 'free' | 'media'>;

export type LoopMode = Schemas['LoopMode'];

export type Player = Told<
  Schemas['Player'],
  | 'is_playing'
  | 'paused'
  | 'current_media'
  | 'loop_index'
  | 'total_media'
  | 'loop_mode'
  | 'frame_count'
  | 'duration_ms'
  | 'position_ms'
  | 'position_at'
>;

/** What carries pictures to an SPI panel, and its clock as asked for and as measured. */
export type Bus = Schemas['BusState'];

export type Hardware = Told<Omit<Schemas['Hardware'], 'panel'>, 'connected'> & {
  panel: Told<Schemas['Panel'], 'kind' | 'trouble'> | null;
};

export interface Dashboard {
  status: Pick<Schemas['Status'], 'system' | 'status' | 'timestamp'> & {
    player: Player | null;
    hardware?: Hardware;
  };
  /** At most 200: those that loop first, then the newest. */
  media: MediaItem[];
  media_total?: number;
  active: string | null;
  loop: string[];
  display?: Schemas['Display'] | null;
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
export type UploadState = Pick<
  Schemas['PendingUpload'],
  'id' | 'filename' | 'offset' | 'length' | 'progress' | 'message'
> & {
  state: Schemas['UploadState'] | Schemas['UploadEnd'];
  slug: string | null;
  code: string | null;
  /** What came of a library that was sent. */
  imported?: Imported | null;
};

/** How an import ended. */
export type Imported = Schemas['Imported'];

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
export type Envelope<T> = Pick<Schemas['Envelope_Nothing'], 'message'> & {
  success: boolean;
  data: T | null;
};
