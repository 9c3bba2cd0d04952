const INITIAL = 64 * 1024;
/** Id of SETTINGS_INITIAL_WINDOW_SIZE. */
const INITIAL_WINDOW_SIZE = 7;

/** What the client has told of its windows, for all streams of a connection. */
export class SendWindows {
  /** The client counts what it gets. Those that never tell anything would wait for ever to be asked. */
  isObserved = false;
  initial = INITIAL;

  /** Payload of SETTINGS: a count, then entries of flags, id and value. */
  settings(payload: Buffer): void {
    for (let at = 4; at + 8 <= payload.length; at += 8) {
      if (payload.readUIntBE(at + 1, 3) !== INITIAL_WINDOW_SIZE) continue;
      this.initial = payload.readUInt32BE(at + 4);
      this.isObserved = true;
    }
  }
}

/** How much may be sent on one stream until the client says more. */
export class SendWindow {
  readonly #windows: SendWindows;
  readonly #waiting = new Set<() => void>();
  #sent = 0;
  #granted = 0;
  #isClosed = false;

  constructor(windows: SendWindows) {
    this.#windows = windows;
  }

  /** Takes what there is of `wanted` bytes, at least one; waits while there is nothing. */
  async take(wanted: number): Promise<number> {
    if (wanted === 0) return 0;
    while (this.#left <= 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    const size = Math.min(wanted, this.#isClosed ? wanted : this.#left);
    this.#sent += size;
    return size;
  }

  /** The client has read so many bytes. */
  grow(bytes: number): void {
    this.#granted += bytes;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  get #left(): number {
    return this.#windows.isObserved ? this.#windows.initial + this.#granted - this.#sent : Infinity;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
