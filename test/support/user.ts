import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const command = resolve(import.meta.dirname, '../../cli/bin/epinio.js');

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly timeoutMs?: number;
  /** Called with the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Somebody with an empty home folder who types `epinio` commands: the built command, as a process. */
export class User implements AsyncDisposable {
  /** A folder of their own for all that they make. */
  readonly folder = mkdtempSync(join(tmpdir(), 'epinio-user-'));
  readonly dataDir = join(this.folder, 'data');
  readonly settingsFile = join(this.folder, 'settings.yaml');

  /** The program that they call `epinio`: what was built here, unless another is put in its place. */
  program = command;

  /** Further variables of the user's environment. */
  extraEnv: Readonly<Record<string, string>> = {};

  get env(): Record<string, string> {
    return {
      ...this.extraEnv,
      PATH: process.env['PATH'] ?? '',
      HOME: this.folder,
      EPINIO_SETTINGS: this.settingsFile,
      EPINIO_DATA_DIR: this.dataDir,
    };
  }

  /** Runs a command to its end, whatever its exit code. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Result> {
    return new Promise((done, fail) => {
      const child = spawn(process.execPath, [this.program, ...args], {
        cwd: options.cwd ?? this.folder,
        env: { ...this.env, ...options.env },
        stdio: 'pipe',
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 300_000);
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', fail);
      child.on('close', (code) => {
        clearTimeout(timer);
        done({ code, stdout, stderr });
      });
      child.stdin.on('error', () => undefined); // a command that reads nothing may end before it is written to
      child.stdin.end(options.input ?? '');
      options.onStart?.(child);
    });
  }

  /** Runs a command that has to succeed; its standard output. */
  async epinio(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0)
      throw new Error(
        `epinio ${args.join(' ')} ended with ${String(code)}\n${stdout}${stderr}\n${await this.serverLog()}`,
      );
    return stdout;
  }

  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.epinio(...args, '--output', 'json')) as T;
  }

  /** Installs the embedded platform. */
  async install(...flags: readonly string[]): Promise<void> {
    await this.epinio('install', '--profile', 'embedded', '--yes', ...flags);
  }

  /** Writes files below the user's folder, by path; @returns the folder that holds them. */
  async files(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.folder, folder, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
    return join(this.folder, folder);
  }

  /** PEM of the platform's authority, from the settings. */
  async ca(): Promise<string> {
    return (await this.json<{ certs: string }>('settings', 'show')).certs;
  }

  /** The process of the platform's server. */
  async serverPid(): Promise<number> {
    return (JSON.parse(await readFile(join(this.dataDir, 'server.json'), 'utf8')) as { pid: number }).pid;
  }

  async serverLog(): Promise<string> {
    const log = join(this.dataDir, 'server.log');
    return existsSync(log) ? (await readFile(log, 'utf8')).split('\n').slice(-40).join('\n') : '';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run(['uninstall', '--yes']);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
