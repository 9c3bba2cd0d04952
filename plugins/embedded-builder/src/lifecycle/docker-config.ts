import { existsSync, readFileSync } from 'node:fs';
import type { RegistryAuths } from '@epinio/core';
import { EXIT, LifecycleError } from './lifecycle-error.ts';

interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  /** Base64 of "username:password". */
  readonly auth?: string;
}

/** Credentials of a Docker config file, by registry host. No file, or an empty one, has none. */
export function readDockerConfig(file: string): RegistryAuths {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  let auths: Readonly<Record<string, DockerAuth>>;
  try {
    auths = (JSON.parse(text || '{}') as { auths?: typeof auths }).auths ?? {};
  } catch {
    // The parser's own message shows a piece of the text, which is a secret.
    throw new LifecycleError(EXIT.export, 'The credentials for the registry are no JSON');
  }
  return Object.fromEntries(Object.entries(auths).map(([host, entry]) => [host, credentials(entry)]));
}

function credentials({ username, password, auth }: DockerAuth): { username: string; password: string } {
  if (username !== undefined && password !== undefined) return { username, password };
  const [name = '', ...rest] = Buffer.from(auth ?? '', 'base64')
    .toString()
    .split(':');
  return { username: name, password: rest.join(':') };
}
