import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fchownSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { EpinioError, messageOf } from '@epinio/core';
import { watchFile, type FileWatch } from '../watch-file.ts';
import {
  isAlive,
  type ProcessIdentity,
  type ProcessStat,
  readStat,
  signalProcess,
} from '../process/process-identity.ts';
import { onlyDescriptors } from '../process/descriptors.ts';
import { processTree } from '../process/process-table.ts';
import type { Terminal } from '../streams/terminal.ts';
import { makeRunInput } from './run-input.ts';
import { readExit, readSandboxInit, readSupervisor, type RunExit } from './run-files.ts';

/** An adopted supervisor is no child of ours: its sudden death shows only when somebody looks. */
const LIVENESS_MS = 5000;
/** How long a killed run may take until its exit is seen. */
const KILL_WAIT_MS = 5000;

export interface RunSpec {
  /** The run's own folder, made when it is not there; see `SUPERVISE_SCRIPT` for what is kept in it. */
  readonly folder: string;
  /** Path of the file that holds `SUPERVISE_SCRIPT`. */
  readonly script: string;
  /** Program and arguments. */
  readonly command: readonly string[];
  /** The whole environment of supervisor and command. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** stdout and stderr are appended to this file. */
  readonly logFile: string;
  /** The command reads what others write to `runInput`; default: its input is at its end. */
  readonly hasInput?: boolean;
  /** It has this terminal, which is handed over; what is shown there is appended to the log. */
  readonly terminal?: Terminal;
  /** Whom it belongs to, so that programs can open their output anew (/proc/1/fd/1). */
  readonly logOwner?: number;
  /** What the command reads from file descriptor 4; kept in the run folder with mode 0600. */
  readonly descriptor4?: string;
  /** Runs supervisor and command as this user and group; root only. */
  readonly uid?: number;
  /** Files `cgroup.procs` to join before the command starts: two at most. */
  readonly cgroupProcs?: readonly string[];
}

/** One life of one container: from the start of its command to its exit. Outlives this process. */
export class ContainerRun {
  readonly folder: string;
  readonly supervisor: ProcessIdentity;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Resolves once; never rejects. */
  readonly exited: Promise<RunExit>;
  #settle!: (exit: RunExit) => void;
  #exit: RunExit | undefined;
  #child: ChildProcess | undefined;
  #watcher: FileWatch | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(folder: string, supervisor: ProcessIdentity, startedAt: number) {
    this.folder = folder;
    this.supervisor = supervisor;
    this.startedAt = startedAt;
    this.exited = new Promise((resolve) => (this.#settle = resolve));
  }

  /** Starts a command under a supervisor. Fails with `RUN_START_FAILED`. */
  static async start(spec: RunSpec): Promise<ContainerRun> {
    mkdirSync(spec.folder, { recursive: true, mode: 0o700 });
    if (spec.descriptor4 !== undefined) {
      writeFileSync(join(spec.folder, 'arguments'), spec.descriptor4, { mode: 0o600 });
    }
    if (spec.terminal !== undefined) writeFileSync(join(spec.folder, 'terminal'), `${spec.terminal.path}\n`);
    if (spec.hasInput === true) await makeRunInput(spec.folder, spec.logOwner ?? spec.uid);
    const output = openSync(spec.logFile, 'a', 0o600);
    if (spec.logOwner !== undefined) fchownSync(output, spec.logOwner, spec.logOwner);
    let child: ChildProcess;
    try {
      const [first = '', second = ''] = spec.cgroupProcs ?? [];
      const { master, slave } = spec.terminal ?? {};
      child = spawn('/bin/sh', [spec.script, spec.folder, first, second, ...spec.command], {
        cwd: spec.cwd,
        env: spec.env,
        detached: true,
        // Whatever is one of the first three is made to block, as `cat` needs it.
        stdio: onlyDescriptors([master ?? 'ignore', slave ?? output, output]),
        ...(spec.uid === undefined ? {} : { uid: spec.uid, gid: spec.uid }),
      });
    } finally {
      closeSync(output);
      if (spec.terminal !== undefined)
        for (const end of ['master', 'slave'] as const) closeSync(spec.terminal[end]);
    }
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new EpinioError('RUN_START_FAILED', messageOf(error), { cause: error, fault: 'system' })),
      );
    });
    const pid = child.pid ?? 0;
    const startTicks = readStat(pid)?.startTicks;
    const run = new ContainerRun(
      spec.folder,
      { pid, ...(startTicks === undefined ? {} : { startTicks }) },
      Date.now(),
    );
    run.#child = child;
    child.once('exit', (code) => run.#ended(code ?? undefined));
    return run;
  }

  /**
   * Finds a run of an earlier life of this process, running or ended meanwhile.
   * @returns undefined when its command was never started.
   */
  static adopt(folder: string, isThisBoot: boolean): ContainerRun | undefined {
    const supervisor = readSupervisor(folder);
    if (supervisor === undefined) return undefined;
    const { startedAt, ...identity } = supervisor;
    const run = new ContainerRun(folder, identity, startedAt);
    // After a boot the process ids are other processes': nothing is to be killed, nothing to be waited for.
    if (!isThisBoot) run.#finish(undefined);
    else if (!isAlive(identity)) run.#ended();
    else run.#watch();
    return run;
  }

  /** The recorded exit, once it is known. */
  get exit(): RunExit | undefined {
    return this.#exit;
  }

  /**
   * Every process of the run that can be seen, without its supervisor; empty where there is no /proc.
   * @param table of the whole machine, when it has just been read
   */
  processes(table?: readonly ProcessStat[]): readonly number[] {
    return processTree(this.supervisor.pid, table)
      .map(({ pid }) => pid)
      .filter((pid) => pid !== this.supervisor.pid);
  }

  /** Process 1 of its PID namespace; undefined without a sandbox, or when it is over. */
  sandboxInit(): number | undefined {
    return readSandboxInit(this.folder);
  }

  /** Asks the container to end: every process of its group gets the signal. @returns false when it is over. */
  terminate(signal: NodeJS.Signals = 'SIGTERM'): boolean {
    if (this.#exit !== undefined || !isAlive(this.supervisor)) return false;
    // Process 1 ignores what it has no handler for; the supervisor and bubblewrap are in groups of their own.
    return signalProcess(-(this.sandboxInit() ?? this.supervisor.pid), signal);
  }

  /** Ends it now. Resolves when its exit is recorded. */
  async kill(): Promise<RunExit> {
    const deadline = performance.now() + KILL_WAIT_MS;
    while (this.#exit === undefined) {
      const init = this.sandboxInit();
      if (init !== undefined) signalProcess(init, 'SIGKILL');
      // Those that fork meanwhile are met by the next turn.
      else for (const pid of this.processes()) signalProcess(pid, 'SIGKILL');
      if (!hasProc() || performance.now() > deadline) {
        signalProcess(-this.supervisor.pid, 'SIGKILL');
        this.#finish({ exitCode: 137, finishedAt: Date.now(), known: true });
      }
      await Promise.race([this.exited, pause(100)]);
    }
    return this.#exit;
  }

  /** Stops looking at the run, which goes on; it then keeps this process alive no longer. */
  release(): void {
    this.#child?.unref();
    this.#watcher?.close();
    clearInterval(this.#timer);
  }

  #watch(): void {
    const look = (): void => {
      if (readExit(this.folder) !== undefined || !isAlive(this.supervisor)) this.#ended();
    };
    this.#watcher = watchFile(this.folder, look);
    this.#timer = setInterval(look, LIVENESS_MS);
    look();
  }

  /** @param code what the parent of the supervisor saw, for when the disk was too full to record it */
  #ended(code?: number): void {
    if (this.#exit !== undefined) return;
    // Daemons that the command left behind belong to the container, and end with it.
    const init = this.sandboxInit();
    if (init !== undefined) signalProcess(init, 'SIGKILL');
    else for (const pid of orphansOf(this.supervisor.pid)) signalProcess(pid, 'SIGKILL');
    this.#finish(code === undefined ? undefined : { exitCode: code, finishedAt: Date.now(), known: true });
  }

  #finish(seen: RunExit | undefined): void {
    if (this.#exit !== undefined) return;
    this.release();
    this.#exit = readExit(this.folder) ?? seen ?? { exitCode: 137, finishedAt: Date.now(), known: false };
    this.#settle(this.#exit);
  }
}

/**
 * What is left of the session of a supervisor that has ended. The kernel gives its number to nobody while such
 * processes are there; a process that has the number now is a stranger, and so are those of its session.
 */
function orphansOf(supervisor: number): readonly number[] {
  const tree = processTree(supervisor).map(({ pid }) => pid);
  return tree.includes(supervisor) ? [] : tree;
}

function hasProc(): boolean {
  return readStat(process.pid) !== undefined;
}
