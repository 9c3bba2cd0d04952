/** What the name in the path of a proxy says: `web`, `web:8080`, `https:web:443`; a port may be the name of one. */
export interface TargetName {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  /** Empty when none is named. */
  readonly port: string;
}

/** Undefined when it is none. */
export function parseTargetName(id: string): TargetName | undefined {
  const parts = id.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === undefined || name === '') return undefined;
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') return undefined;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port: port ?? '' };
}
