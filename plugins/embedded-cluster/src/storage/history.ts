import type { StoredObject } from './stored-object.ts';

/** One change of one collection, as a watch shows it. */
export interface HistoryEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** The new version; of a deletion: the last state, with the deletion's revision. */
  readonly stored: StoredObject;
  /** The version before: a watch with a selector must know whether that one was shown. */
  readonly previous: StoredObject | undefined;
}

/** The most that the versions in one history may weigh, in characters of their JSON; the newest change stays in any case. */
const MAX_SIZE = 32 * 1024 * 1024;

/**
 * The newest changes of one collection, oldest first. Watches hold a position in it instead of a queue of
 * their own, so a thousand slow watches cost no memory; one that falls out of the history has to list again.
 */
export class History {
  readonly #limit: number;
  #events: HistoryEvent[] = [];
  /** Position of `#events[0]`, counted from the first event ever appended. */
  #start = 0;
  /** The newest revision that was dropped: a watch can go on from here, not from before. */
  #floor: number;
  /** Characters of JSON that the events hold. */
  #size = 0;

  constructor(limit: number, floor = 0) {
    this.#limit = limit;
    this.#floor = floor;
  }

  get floor(): number {
    return this.#floor;
  }

  /** The position after the newest event. */
  get end(): number {
    return this.#start + this.#events.length;
  }

  append(event: HistoryEvent): void {
    this.#events.push(event);
    this.#size += event.stored.json.length;
  }

  /** Drops what is over the limits, a quarter at a time. @returns what was dropped, oldest first. */
  compact(): readonly HistoryEvent[] {
    if (this.#events.length < this.#limit * 1.25 && this.#size < MAX_SIZE * 1.25) return [];
    let count = Math.max(0, this.#events.length - this.#limit);
    let size = this.#size;
    for (let index = 0; index < this.#events.length - 1; index++) {
      if (index >= count && size <= MAX_SIZE) break;
      size -= (this.#events[index] as HistoryEvent).stored.json.length;
      count = Math.max(count, index + 1);
    }
    const dropped = this.#events.splice(0, count);
    this.#size = size;
    this.#start += dropped.length;
    this.#floor = dropped.at(-1)?.revision ?? this.#floor;
    return dropped;
  }

  /** The event at a position; undefined when it is yet to come, 'dropped' when it is too late. */
  at(position: number): HistoryEvent | 'dropped' | undefined {
    return position < this.#start ? 'dropped' : this.#events[position - this.#start];
  }

  /** The position of the first event after `revision`; undefined when some of those are gone. */
  after(revision: number): number | undefined {
    if (revision < this.#floor) return undefined;
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#start + low;
  }

  /** Events after `revision`, newest first; undefined when some are gone. */
  *backTo(revision: number): Generator<HistoryEvent> {
    for (let index = this.#events.length - 1; index >= 0; index--) {
      const event = this.#events[index];
      if (event === undefined || event.revision <= revision) return;
      yield event;
    }
  }
}
