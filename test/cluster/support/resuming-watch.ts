import { AssertionError } from 'node:assert/strict';
import type { ApiClient, WatchLine } from '../../../plugins/embedded-cluster/src/api/testing/test-api.ts';

const PAUSE_MS = 20;

/** A watch over HTTP that goes on after the last change it saw, whenever the server was away. */
export class ResumingWatch {
  readonly #onEvent: (event: WatchLine) => void;
  readonly #client: ApiClient;
  readonly #path: string;
  #revision: string;
  #stopped = false;
  readonly #done: Promise<void>;
  /** Connections that were made. */
  connections = 0;

  constructor(client: ApiClient, path: string, revision: string, onEvent: (event: WatchLine) => void) {
    this.#onEvent = onEvent;
    this.#client = client;
    this.#path = path;
    this.#revision = revision;
    this.#done = this.#run();
  }

  /** What ended the watch for good, if anything did. */
  failure: Error | undefined;

  /** Ends when the server is gone. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.failure === undefined) {
      await this.#follow().catch((error: unknown) => {
        if (error instanceof AssertionError) this.failure = error; // else the server was killed: this is for that
      });
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #follow(): Promise<void> {
    const path = `${this.#path}?watch=1&resourceVersion=${this.#revision}`;
    const response = await this.#client.open('GET', path);
    this.connections += 1;
    if (response.statusCode !== 200) {
      this.failure = new Error(`the watch was answered with ${response.statusCode ?? 0}`);
      response.resume();
      return;
    }
    let rest = '';
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? ''; // a line that was cut off is shown again
      for (const line of lines) this.#take(JSON.parse(line) as WatchLine);
    }
  }

  #take(event: WatchLine): void {
    if (event.type === 'ERROR') {
      this.failure = new Error(`the watch was told ${JSON.stringify(event.object)}`);
      return;
    }
    this.#onEvent(event);
    this.#revision = event.object.metadata.resourceVersion ?? this.#revision;
  }
}
