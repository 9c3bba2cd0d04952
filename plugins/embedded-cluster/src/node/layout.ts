import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where the node keeps what, below its own folder. */
export class NodeLayout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** The supervisor's script; named after its content, since running shells read it on. */
  script(content: string): string {
    return join(this.root, `supervise-${createHash('sha256').update(content).digest('hex').slice(0, 12)}.sh`);
  }

  get images(): string {
    return join(this.root, 'images');
  }

  get pods(): string {
    return join(this.root, 'pods');
  }

  get volumes(): string {
    return join(this.root, 'volumes');
  }

  /** The data of a PersistentVolume. */
  persistentVolume(name: string): string {
    return join(this.volumes, name);
  }

  pod(uid: string): PodFolder {
    return new PodFolder(join(this.pods, uid));
  }
}

/** The folder of one pod. */
export class PodFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** What the node has decided for the pod: its user, its ports. */
  get record(): string {
    return join(this.root, 'pod.json');
  }

  /** Files of /etc that are the pod's own. */
  get etc(): string {
    return join(this.root, 'etc');
  }

  get volumes(): string {
    return join(this.root, 'volumes');
  }

  volume(name: string): string {
    return join(this.volumes, name);
  }

  get containers(): string {
    return join(this.root, 'containers');
  }

  container(name: string): string {
    return join(this.containers, name);
  }

  /** One run of a container: 0 is the first, then one for each restart. */
  attempt(container: string, attempt: number): AttemptFolder {
    return new AttemptFolder(join(this.container(container), String(attempt)));
  }
}

/** The folder of one run of a container. */
export class AttemptFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** What was decided before the start. */
  get record(): string {
    return join(this.root, 'attempt.json');
  }

  /** The container as it was started, with its environment: mode 0600. */
  get spec(): string {
    return join(this.root, 'spec.json');
  }

  /** The supervisor's. */
  get run(): string {
    return join(this.root, 'run');
  }

  get log(): string {
    return join(this.root, 'log');
  }

  get tmp(): string {
    return join(this.root, 'tmp');
  }

  get home(): string {
    return join(this.root, 'home');
  }

  get copies(): string {
    return join(this.root, 'copy');
  }

  /** The private copy of one of the image's folders. */
  copy(name: string): string {
    return join(this.copies, name);
  }
}
