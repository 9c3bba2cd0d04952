import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TOP_FOLDERS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'nix', 'gnu'];

/**
 * What programs need of /etc, and nothing that belongs to this machine's services or users: name resolution,
 * certificates, the dynamic linker, time zone, and the settings of language runtimes.
 */
const ETC = [
  ...['alternatives', 'ca-certificates', 'ca-certificates.conf', 'crypto-policies', 'fonts', 'gai.conf'],
  ...['host.conf', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'localtime', 'mime.types', 'nsswitch.conf'],
  ...['os-release', 'pki/ca-trust', 'pki/tls/certs', 'pki/tls/cert.pem', 'pki/tls/openssl.cnf', 'protocols'],
  ...[
    'resolv.conf',
    'services',
    'ssl/certs',
    'ssl/cert.pem',
    'ssl/openssl.cnf',
    'static',
    'terminfo',
    'timezone',
  ],
];

/** bubblewrap options that show the host's programs, read-only. */
export function hostSystemArguments(): readonly string[] {
  const folders = TOP_FOLDERS.flatMap((name) => {
    const path = `/${name}`;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    return stats.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
  });
  const etc = ETC.map((name) => `/etc/${name}`)
    .filter((path) => existsSync(path))
    .flatMap((path) => ['--ro-bind-try', path, path]);
  return ['--ro-bind', '/usr', '/usr', ...folders, ...etc];
}

/**
 * The Node.js that runs the platform, for apps to run on as well: its program folder, and the folders that
 * have to be shown because they are in nobody's system folders (a version manager's, in someone's home).
 */
export function nodeRuntime(execPath: string): { readonly bin: string; readonly folders: readonly string[] } {
  const bin = dirname(execPath);
  if (/^\/(usr|bin|nix|gnu)\//.test(`${realpathSync(bin)}/`)) return { bin, folders: [] };
  const prefix = dirname(bin);
  const npm = ['npm', 'corepack'].map((name) => join(prefix, 'lib/node_modules', name));
  return { bin, folders: [bin, ...npm.filter((folder) => existsSync(folder))] };
}

/**
 * Folders of programs that the platform itself finds and that every container sees: a language that is
 * installed beside the distribution's own, such as /usr/local/go/bin. Nobody's home is among them.
 */
export function hostProgramFolders(path: string): readonly string[] {
  return path.split(':').filter((folder) => /^\/(usr|bin|sbin|nix|gnu)(\/|$)/.test(folder));
}
