import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterConnection } from '../../contracts/cluster.ts';
import { EpinioError } from '../../kernel/errors.ts';
import type { CommandResult, Commands } from '../../ports/commands.ts';

/** How the `helm` program is found and reaches the cluster. */
export interface HelmOptions {
  readonly commands: Commands;
  readonly connection: ClusterConnection;
  /** A name on PATH or an absolute path; default "helm". */
  readonly program?: string | undefined;
  /** Further environment: proxies, Helm's own variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What one call of `helm` is given. */
export interface HelmCall {
  readonly args: readonly string[];
  /** Goes in by stdin: values may hold secrets. */
  readonly input?: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** The oldest versions whose flags are used: labels on releases came with 3.14. */
const OLDEST_MINOR_OF_3 = 14;
const VERSION_TIMEOUT_MS = 30_000;
const LAST_LINES = 20;
/** Characters; the definitions of the largest charts take two million. */
const MAX_OUTPUT = 32 * 1024 ** 2;

/**
 * The `helm` program of this machine, version 3 or 4, against one cluster. The kubeconfig is in a file that only
 * its owner can read, in a folder that is removed when this is disposed of.
 */
export class Helm implements AsyncDisposable {
  /** 3 or 4. */
  readonly major: number;
  /** A folder for charts that were fetched; gone with this. */
  readonly folder: string;
  readonly #options: HelmOptions;
  readonly #program: string;

  private constructor(options: HelmOptions, program: string, major: number, folder: string) {
    this.#options = options;
    this.#program = program;
    this.major = major;
    this.folder = folder;
  }

  /** Fails with `HELM_MISSING` or `HELM_TOO_OLD`. */
  static async open(options: HelmOptions, signal: AbortSignal): Promise<Helm> {
    const { commands, connection, program = 'helm' } = options;
    const found = await commands.find(program);
    if (found === undefined) {
      const message = `The program "${program}" is not on PATH, and components that are Helm charts need it`;
      throw new EpinioError('HELM_MISSING', message, {
        fix: 'install Helm 3.14 or newer (https://helm.sh), and put it on PATH',
      });
    }
    const major = await majorVersion(options, found, signal);
    const folder = await mkdtemp(join(tmpdir(), 'epinio-helm-'));
    await chmod(folder, 0o700);
    await writeFile(join(folder, 'kubeconfig'), connection.kubeconfig, { mode: 0o600 });
    return new Helm(options, found, major, folder);
  }

  /** @returns stdout. Fails with `HELM_FAILED` and what helm says. */
  async run(what: string, { args, input, timeoutMs, signal }: HelmCall): Promise<string> {
    const { commands, connection, environment } = this.#options;
    const context = connection.context === undefined ? [] : ['--kube-context', connection.context];
    const result = await commands.run(this.#program, [...args, ...context], {
      env: { ...environment, KUBECONFIG: join(this.folder, 'kubeconfig') },
      ...(input === undefined ? {} : { input }),
      timeoutMs,
      signal,
      maxOutput: MAX_OUTPUT,
    });
    if (result.exitCode !== 0) throw failure(what, result);
    if (result.stdout.length < MAX_OUTPUT) return result.stdout;
    throw new EpinioError('HELM_FAILED', `${what}: helm prints more than ${MAX_OUTPUT} characters`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function majorVersion(
  { commands, environment }: HelmOptions,
  program: string,
  signal: AbortSignal,
): Promise<number> {
  const result = await commands.run(program, ['version', '--template', '{{.Version}}'], {
    ...(environment === undefined ? {} : { env: environment }),
    timeoutMs: VERSION_TIMEOUT_MS,
    signal,
  });
  if (result.exitCode !== 0) throw failure(`"${program}" does not tell its version`, result);
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(result.stdout.trim()) ?? [];
  const isKnown = Number(major) === 4 || (Number(major) === 3 && Number(minor) >= OLDEST_MINOR_OF_3);
  if (isKnown) return Number(major);
  const said = result.stdout.trim() === '' ? 'no version' : `version ${result.stdout.trim()}`;
  throw new EpinioError('HELM_TOO_OLD', `"${program}" is ${said}, and Helm 3.14 or newer, or 4, is needed`, {
    fix: 'install a newer Helm (https://helm.sh), and put it first on PATH',
  });
}

/** What helm says is shown: its first line of error as the message, the rest below it. */
function failure(what: string, { exitCode, stdout, stderr }: CommandResult): EpinioError {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line.trim() !== '');
  const first = lines.find((line) => line.startsWith('Error: '))?.slice('Error: '.length);
  const message = `${what}: ${first ?? `helm ended with exit code ${exitCode}`}`;
  const details = lines.filter((line) => line !== `Error: ${first ?? ''}`).slice(-LAST_LINES);
  const fix = fixFor(lines.join('\n'));
  return new EpinioError('HELM_FAILED', message, {
    details,
    fault: 'system',
    ...(fix === undefined ? {} : { fix }),
  });
}

/** What mends the failures that users meet most. */
function fixFor(said: string): string | undefined {
  if (/don't meet the specifications of the schema|values\.schema\.json/.test(said))
    return "mend the component's `values` in the config file, or choose the chart version that they are for";
  if (
    /no such host|dial tcp|failed to fetch|not a valid chart repository|404 Not Found|i\/o timeout/i.test(
      said,
    )
  )
    return 'check the network and the address of the chart; or name a chart file of this machine';
  return undefined;
}
