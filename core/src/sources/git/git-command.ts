import { join } from 'node:path';
import { EpinioError, hasCode } from '../../kernel/errors.ts';
import type { CommandResult, Commands } from '../../ports/commands.ts';
import type { Remote } from './preflight.ts';

const TIMEOUT_MS = 10 * 60_000;

/**
 * Runs git where nothing of the machine counts: no user's or system's configuration, no credentials, no prompts, no
 * hooks, no protocol but those that were checked, and no address but those.
 */
export class GitCommand {
  readonly #commands: Commands;
  readonly #folder: string;
  readonly #remote: Remote;
  readonly #signal: AbortSignal;

  /** @param folder of our own: holds the repository, and is HOME. */
  constructor(commands: Commands, folder: string, remote: Remote, signal: AbortSignal) {
    this.#commands = commands;
    this.#folder = folder;
    this.#remote = remote;
    this.#signal = signal;
  }

  /** Below the folder. */
  get repository(): string {
    return join(this.#folder, 'repository');
  }

  /** Resolves for any exit code. */
  async run(
    args: readonly string[],
    onLine?: (line: string, stream: 'stdout' | 'stderr') => void,
  ): Promise<CommandResult> {
    try {
      return await this.#commands.run('git', args, {
        cwd: this.#folder,
        env: this.#environment(),
        timeoutMs: TIMEOUT_MS,
        signal: this.#signal,
        ...(onLine === undefined ? {} : { onLine }),
      });
    } catch (cause) {
      if (!hasCode(cause, 'COMMAND_NOT_FOUND')) throw cause;
      throw new EpinioError('GIT_NOT_INSTALLED', 'git is not installed where the Epinio server runs', {
        status: 500,
        cause,
        fix: 'Install git there, or push the sources from a folder',
      });
    }
  }

  /** In the repository. */
  async inside(
    args: readonly string[],
    onLine?: (line: string, stream: 'stdout' | 'stderr') => void,
  ): Promise<CommandResult> {
    return this.run(['-C', this.repository, ...args], onLine);
  }

  #environment(): Record<string, string> {
    const { target } = this.#remote;
    return {
      HOME: this.#folder,
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ASKPASS: 'true',
      SSH_ASKPASS: 'true',
      GIT_LFS_SKIP_SMUDGE: '1',
      GIT_ALLOW_PROTOCOL: target.protocol === 'file:' ? 'file' : 'http:https:ssh',
      GIT_SSH_COMMAND: this.#ssh(),
      ...this.#configuration(),
    };
  }

  #ssh(): string {
    const known = join(this.#folder, 'known_hosts');
    const options = [
      'BatchMode=yes',
      'StrictHostKeyChecking=accept-new',
      `UserKnownHostsFile=${known}`,
      'ConnectTimeout=30',
    ];
    const [address] = this.#remote.addresses;
    // The name has been checked by its address; resolved again, it could be another.
    const pinned =
      this.#remote.target.protocol === 'ssh:' && address !== undefined ? [`HostName=${address}`] : [];
    return [
      'ssh',
      '-F',
      '/dev/null',
      ...[...options, ...pinned].flatMap((option) => ['-o', `'${option}'`]),
    ].join(' ');
  }

  /** Settings go in by the environment: some are secrets, which have no place on a command line. */
  #configuration(): Record<string, string> {
    const { target, addresses } = this.#remote;
    const settings: [string, string][] = [
      ['credential.helper', ''],
      ['core.hooksPath', '/dev/null'],
      ['core.fsmonitor', 'false'],
      ['init.defaultBranch', 'main'],
      ['advice.detachedHead', 'false'],
      ['http.followRedirects', 'false'],
      ['http.lowSpeedLimit', '100'],
      ['http.lowSpeedTime', '60'],
    ];
    if (target.protocol === 'http:' || target.protocol === 'https:') {
      const pinned = addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
      settings.push(['http.curloptResolve', `${target.host}:${target.port}:${pinned}`]);
    }
    if (target.credentials !== undefined) {
      const { user, password } = target.credentials;
      const basic = Buffer.from(`${user}:${password}`).toString('base64');
      settings.push(['http.extraHeader', `Authorization: Basic ${basic}`]);
    }
    const pairs = settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]);
    return {
      GIT_CONFIG_COUNT: String(settings.length),
      ...(Object.fromEntries(pairs) as Record<string, string>),
    };
  }
}
