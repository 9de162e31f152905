import { backoff } from './backoff';
import type { ServerMessage } from './types';

export interface SocketEvents {
  open: () => void;
  message: (message: ServerMessage) => void;
  /** A picture of live content, or what has changed in it. */
  record: (message: ArrayBuffer) => void;
  lost: () => void;
}

const PING_EVERY_MS = 25_000;
/** A phone that wakes up believes in sockets that died hours ago: silence after a ping unmasks them. */
const ANSWER_WITHIN_MS = 8_000;
const OPEN_WITHIN_MS = 10_000;

/** Where the device's WebSocket is, seen from a page of the device. */
export function socketUrl(): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return `${scheme}://${location.host}/ws`;
}

/**
 * The live connection. It never gives up: lost, it comes back with {@link backoff}, and at once
 * when {@link wake} says that things may have changed. Rooms joined stay joined across losses.
 */
export class LiveSocket {
  readonly #url: string;
  readonly #events: SocketEvents;
  readonly #rooms = new Set<string>();
  #socket: WebSocket | undefined;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #ping: ReturnType<typeof setInterval> | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, events: SocketEvents) {
    this.#url = url;
    this.#events = events;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  join(room: string): void {
    this.#rooms.add(room);
    this.#send({ type: 'subscribe', room });
  }

  leave(room: string): void {
    this.#rooms.delete(room);
    this.#send({ type: 'unsubscribe', room });
  }

  /** Connects now if there is no connection, and makes sure of the one there is. */
  wake(): void {
    if (this.isOpen) this.#askForLife();
    else if (this.#socket === undefined) this.#connect();
  }

  /** Ends for good. */
  close(): void {
    this.#clearTimers();
    this.#drop();
  }

  #connect(): void {
    this.#clearTimers();
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#expect(OPEN_WITHIN_MS);
    socket.onopen = () => this.#opened();
    socket.onclose = () => this.#lose();
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#alive();
      if (typeof data === 'string') this.#events.message(JSON.parse(data) as ServerMessage);
      else this.#events.record(data);
    };
  }

  #opened(): void {
    this.#alive();
    this.#attempt = 0;
    for (const room of this.#rooms) this.#send({ type: 'subscribe', room });
    this.#ping = setInterval(() => this.#askForLife(), PING_EVERY_MS);
    this.#events.open();
  }

  #lose(): void {
    this.#drop();
    this.#clearTimers();
    this.#events.lost();
    this.#retry = setTimeout(() => this.#connect(), backoff(this.#attempt++));
  }

  /** Lets go of the socket without hearing from it again. */
  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onclose = socket.onmessage = null;
    socket.close();
  }

  #askForLife(): void {
    this.#send({ type: 'ping' });
    this.#expect(ANSWER_WITHIN_MS);
  }

  #expect(ms: number): void {
    this.#deadline ??= setTimeout(() => this.#lose(), ms);
  }

  #alive(): void {
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }

  #send(message: { type: string; room?: string }): void {
    if (this.isOpen) this.#socket?.send(JSON.stringify(message));
  }

  #clearTimers(): void {
    clearTimeout(this.#retry);
    clearInterval(this.#ping);
    this.#alive();
  }
}
