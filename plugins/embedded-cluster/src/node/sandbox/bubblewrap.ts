import type { ContainerRun } from '../supervisor/container-run.ts';
import { takeTerminal } from '../streams/terminal.ts';
import type { ContainerSpec, Isolation, Launch, Mount } from './isolation.ts';

export interface BubblewrapOptions {
  /** Path of the program. */
  readonly bwrap: string;
  /** Of `nsenter`, for commands that join a container; absent: they get a sandbox like it, with its own processes. */
  readonly nsenter?: string;
  /** Of `setpriv`: given by root, who then lets each pod run as a user of its own. */
  readonly setpriv?: string;
  readonly firstUid?: number;
  /** Pods of a platform that root runs, without `setpriv`: root of a user namespace, without any capability. */
  readonly sharesRoot?: boolean;
  /** Shown read-only to images without a system of their own. */
  readonly hostSystem: readonly string[];
  /** Further real folders of the host that such images see, at the same path. */
  readonly hostFolders: readonly string[];
  readonly description: string;
}

/** The environment of programs that run before a container is entered: nothing of the container's may reach them. */
const OUTSIDE = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
/** Where a container finds its terminal. */
const CONSOLE = '/dev/console';
/** Never taken from an image: these are the sandbox's. */
const OWN_FOLDERS = new Set(['proc', 'dev', 'sys', 'tmp', 'run']);
const SYSTEM_FOLDERS = new Set([
  'usr',
  'bin',
  'sbin',
  'lib',
  'lib32',
  'lib64',
  'libx32',
  'nix',
  'gnu',
  'etc',
]);

/**
 * Containers in bubblewrap: own PID, IPC, UTS and mount namespaces, no privileges, the host's network. The root
 * is empty and read-only but for what is put into it, so there is nothing of the host that could be forgotten.
 *
 * Root starts it in two steps: a first bubblewrap, with root's rights, shows the container's folders under /tmp
 * of a mount namespace of its own; then `setpriv` becomes the pod's user, who could not reach them in the data
 * folder, and starts the sandbox as any user would.
 */
export function createBubblewrap(options: BubblewrapOptions): Isolation {
  const { bwrap, setpriv, nsenter } = options;

  function asUser(uid: number | undefined): readonly string[] {
    if (uid === undefined || setpriv === undefined) return [];
    const id = String(uid);
    return [
      setpriv,
      `--reuid=${id}`,
      `--regid=${id}`,
      '--clear-groups',
      '--inh-caps=-all',
      '--bounding-set=-all',
      '--no-new-privs',
      '--',
    ];
  }

  function launch(container: ContainerSpec): Launch {
    const stage: string[] = [];
    const bind = (option: string, source: string, destination: string): string[] => {
      let visible = source;
      if (container.uid !== undefined && setpriv !== undefined) {
        visible = `/tmp/${stage.length / 3}`;
        stage.push(option, source, visible);
      }
      return [option, visible, destination];
    };
    const show = ({ source, destination, readOnly }: Mount): string[] =>
      bind(readOnly ? '--ro-bind' : '--bind', source, destination);
    const { terminal } = container;
    const console = terminal === undefined ? [] : [...bind('--dev-bind', terminal, CONSOLE), '--as-pid-1'];
    const inner = sandboxArguments(container, options, show, console);
    // The first process of the sandbox leads its session: it alone can take the terminal.
    const taken = terminal === undefined ? [] : takeTerminal(CONSOLE);
    const outer =
      stage.length === 0
        ? []
        : [bwrap, '--dev-bind', '/', '/', '--tmpfs', '/tmp', ...stage, '--', ...asUser(container.uid)];
    return {
      command: [...outer, bwrap, '--args', '4', '--', ...taken, ...container.argv],
      env: OUTSIDE,
      cwd: '/',
      descriptor4: inner.map((argument) => `${argument}\0`).join(''),
    };
  }

  function exec(run: ContainerRun, container: ContainerSpec, argv: readonly string[], tty = false): Launch {
    const init = run.sandboxInit();
    if (nsenter === undefined || init === undefined) return launch({ ...withoutTerminal(container), argv });
    const { uid } = container;
    // Root goes in as it is and becomes the pod's user there; others first enter the user namespace that they made.
    const who =
      uid !== undefined && setpriv !== undefined
        ? [`--setuid=${uid}`, `--setgid=${uid}`]
        : ['--preserve-credentials', '--user'];
    return {
      command: [
        ...[nsenter, ...who, '--mount', '--pid', '--ipc', '--uts', `--target=${init}`],
        ...(tty ? ['--no-fork'] : []),
        ...['--', '/bin/sh', '-c', tty ? ENTER_WITH_TERMINAL : ENTER, container.workingDir, ...argv],
      ],
      env: OUTSIDE,
      cwd: '/',
      descriptor4: exportScript(container.env),
    };
  }

  return {
    kind: 'bubblewrap',
    description: options.description,
    ...(options.firstUid === undefined ? {} : { firstUid: options.firstUid }),
    launch,
    exec,
  };
}

/** A further sandbox beside the container's has no part in its terminal. */
function withoutTerminal({ terminal: _terminal, ...container }: ContainerSpec): ContainerSpec {
  return container;
}

/**
 * A /dev without terminals. With them (`--dev`) bubblewrap puts the container into a second user namespace, below
 * the one that owns everything else of it, and then nobody but root can run a further command in it.
 */
const DEVICES = [
  ...['--tmpfs', '/dev', '--dir', '/dev/shm'],
  ...['null', 'zero', 'full', 'random', 'urandom', 'tty'].flatMap((name) => [
    '--dev-bind-try',
    `/dev/${name}`,
    `/dev/${name}`,
  ]),
  ...['--symlink', '/proc/self/fd', '/dev/fd', '--symlink', '/proc/self/fd/0', '/dev/stdin'],
  ...['--symlink', '/proc/self/fd/1', '/dev/stdout', '--symlink', '/proc/self/fd/2', '/dev/stderr'],
];

/** The options of the sandbox itself, in the order in which bubblewrap carries them out. */
function sandboxArguments(
  container: ContainerSpec,
  { hostSystem, hostFolders, sharesRoot, setpriv }: BubblewrapOptions,
  show: (mount: Mount) => string[],
  console: readonly string[],
): string[] {
  const { image, home, etc, tmp, env } = container;
  const isEnteredByRoot = container.uid !== undefined && setpriv !== undefined;
  const hidden = (name: string): boolean =>
    OWN_FOLDERS.has(name) || (!image.hasSystem && SYSTEM_FOLDERS.has(name));
  const covered = new Set(container.mounts.map(({ destination }) => destination));
  const fromImage = image.entries
    .filter(({ name }) => !hidden(name) && !covered.has(`/${name}`))
    .flatMap(({ name, link }) =>
      link === undefined
        ? show({ source: `${image.folder}/${name}`, destination: `/${name}`, readOnly: true })
        : ['--symlink', link, `/${name}`],
    );
  const fromHost = image.hasSystem
    ? []
    : [
        ...hostSystem,
        ...hostFolders.flatMap((folder) => show({ source: folder, destination: folder, readOnly: true })),
        ...['passwd', 'group'].flatMap((name) =>
          show({ source: `${etc}/${name}`, destination: `/etc/${name}`, readOnly: true }),
        ),
      ];
  const names = ['hosts', 'hostname', ...(image.hasSystem ? ['resolv.conf'] : [])];
  return [
    ...['--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try', '--new-session'],
    ...(sharesRoot === true ? ['--unshare-user', '--cap-drop', 'ALL'] : []),
    ...['--hostname', container.hostname, '--info-fd', '3'],
    ...fromHost,
    ...fromImage,
    ...['--proc', '/proc', ...(isEnteredByRoot ? ['--dev', '/dev'] : DEVICES), ...console],
    ...['--tmpfs', '/run'],
    ...show({ source: tmp, destination: '/tmp', readOnly: false }),
    ...(image.entries.some(({ name }) => name === 'var')
      ? []
      : ['--dir', '/var', '--symlink', '../tmp', '/var/tmp']),
    ...(homeIsFree(container) ? show({ source: home, destination: env['HOME'] ?? '', readOnly: false }) : []),
    ...container.mounts.flatMap(show),
    ...names.flatMap((name) =>
      show({ source: `${etc}/${name}`, destination: `/etc/${name}`, readOnly: true }),
    ),
    ...['--remount-ro', '/', '--chdir', container.workingDir],
    ...['--unsetenv', 'SHLVL', '--unsetenv', 'OLDPWD', '--unsetenv', '_', '--unsetenv', 'PATH'],
    ...Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]),
  ];
}

/** Whether HOME names a folder that neither image nor volumes bring. */
function homeIsFree({ env, image, mounts }: ContainerSpec): boolean {
  const home = env['HOME'] ?? '';
  if (!/^\/(home|root)(\/|$)/.test(home)) return false;
  if (image.entries.some(({ name }) => name === home.split('/')[1])) return false;
  return !mounts.some(({ destination }) => `${home}/`.startsWith(`${destination}/`));
}

/** Reads the environment, with nothing but the shell, then becomes the command. */
const SET_ENVIRONMENT = `__script=
while IFS= read -r __line; do __script="$__script$__line
"; done <&4
exec 4<&-
eval "$__script"
unset __script __line
cd "$0" || exit`;
const ENTER = `${SET_ENVIRONMENT}
exec "$@"`;
/**
 * The shell stays outside of the PID namespace, and gives the command a process group of its own in the foreground of the
 * terminal: keys such as Ctrl-C are signals for that group alone, and a shell in it finds a group that it can name. A
 * command that was stopped (148: by Ctrl-Z) goes on, as where there is nobody to continue it.
 */
const ENTER_WITH_TERMINAL = `${SET_ENVIRONMENT}
set -m
"$@"
code=$?
while [ "$code" -eq 148 ]; do fg >/dev/null; code=$?; done
exit "$code"`;
/** Names that some shells refuse to set. */
const SHELL_OWNED = new Set(['UID', 'EUID', 'PPID', 'BASHOPTS', 'SHELLOPTS']);

/** A shell script that sets the environment; names that no shell can set are left out. */
function exportScript(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !SHELL_OWNED.has(name))
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
}
