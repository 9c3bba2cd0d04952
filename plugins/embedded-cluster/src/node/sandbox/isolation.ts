import type { ContainerRun } from '../supervisor/container-run.ts';

/** A real file or folder that a container sees at `destination`. */
export interface Mount {
  readonly source: string;
  readonly destination: string;
  readonly readOnly: boolean;
}

/** An unpacked image. */
export interface ImageRoot {
  /** Its real folder. */
  readonly folder: string;
  /** It has a `/bin/sh`: it is a system of its own, and nothing of the host's is put into it. */
  readonly hasSystem: boolean;
  /** What is in `folder`, with the target of those that are symbolic links. */
  readonly entries: readonly { readonly name: string; readonly link?: string }[];
}

/** One container as it is to be started; every path is as the container sees it unless it says "real". */
export interface ContainerSpec {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly hostname: string;
  /** The user that its processes run as; absent: who runs the platform. */
  readonly uid?: number;
  readonly image: ImageRoot;
  /** Private copies of image folders, then volumes: what comes later lies on top. */
  readonly mounts: readonly Mount[];
  /** The device of its terminal: a real path. */
  readonly terminal?: string;
  /** Real folders that only this container has: temporary files, home, and its files of `/etc`. */
  readonly tmp: string;
  readonly home: string;
  readonly etc: string;
}

/** How a command is started so that it is, or joins, a container. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Real folder. */
  readonly cwd: string;
  /** Set when the starter itself has to change to this user. */
  readonly uid?: number;
  /**
   * What the command reads from file descriptor 4. Environments go this way into a sandbox: variables such as
   * LD_PRELOAD must not act on the programs that build it, and nothing of them may be seen in an argv.
   */
  readonly descriptor4?: string;
}

/** What keeps pods apart on this machine. */
export interface Isolation {
  readonly kind: 'bubblewrap' | 'process';
  /** What is in force, for people: said once in the log. */
  readonly description: string;
  /** First of the user ids that pods get, one each; absent when pods run as who runs the platform. */
  readonly firstUid?: number;
  /** Pure: how the container is started under a supervisor. */
  launch(container: ContainerSpec): Launch;
  /** How a further command is run in a container that runs; with `tty` the launched process has a terminal. */
  exec(run: ContainerRun, container: ContainerSpec, argv: readonly string[], tty?: boolean): Launch;
}
