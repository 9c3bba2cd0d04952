import type { ApiObject } from './api-object.ts';

/**
 * One version of one object, never changed after it was made. The JSON text is what is on disk and what goes
 * to clients; the parsed form is made when somebody needs to look inside.
 */
export class StoredObject {
  /** `namespace/name`, or the name alone for cluster-scoped kinds. */
  readonly key: string;
  /** The revision of the write that made this version. */
  readonly revision: number;
  readonly json: string;
  #object: ApiObject | undefined;

  constructor(key: string, revision: number, json: string, object?: ApiObject) {
    this.key = key;
    this.revision = revision;
    this.json = json;
    this.#object = object;
  }

  /** Shared by all readers: copy before changing. */
  get object(): ApiObject {
    return (this.#object ??= JSON.parse(this.json) as ApiObject);
  }
}
