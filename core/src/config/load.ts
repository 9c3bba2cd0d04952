import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { checkConfig, type Locate } from '../kernel/config-problems.ts';
import { problemsError, type Problem } from '../kernel/problem.ts';
import type { PlatformSettings } from '../ports/settings.ts';
import { choicesOf, type ComponentChoice } from './choices.ts';
import { interpolate } from './interpolate.ts';
import { locate, map, originAt, partAt, plain, withPart, type Located, type LocatedMap } from './located.ts';
import { lay, spellOut } from './merge.ts';
import { originText, type Origin } from './origin.ts';
import type { Read } from './read-file.ts';
import type { ConfigSource } from './schema.ts';
import type { Slot } from './slots.ts';

/** What a profile fills in: components and settings, written as in a config file. */
export type Profile = Omit<ConfigSource, 'api' | 'profile'>;

/** A value that was given on the command line. */
export interface FlagValue {
  /** As it was typed: "--domain". */
  readonly flag: string;
  /** The key that it sets, with dots: "components.ingress.use". */
  readonly key: string;
  readonly value: unknown;
}

/** The sources of a configuration. All of the outside world comes in here. */
export interface LoadConfigOptions {
  /** The current folder: where the search for a config file begins, and what shown paths are relative to. */
  readonly cwd: string;
  /** A config file that the person named; only such a file may be code. Relative to `cwd`. */
  readonly file?: string;
  /** False: no file is looked for when none is named. */
  readonly search?: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** False: `${env:NAME}` in the file is text like any other, as in a configuration that was kept. Default true. */
  readonly interpolate?: boolean;
  readonly flags?: readonly FlagValue[];
  readonly profiles: Readonly<Record<string, Profile>>;
  /** The profile when nobody names one. */
  readonly defaultProfile?: string;
  /** Slots that may not be left empty. */
  readonly required?: readonly Slot[];
}

/** A configuration with the origin of each of its values. */
export interface LoadedConfig {
  readonly settings: PlatformSettings;
  readonly profile: string | undefined;
  readonly components: readonly ComponentChoice[];
  /** Absolute path of the config file; undefined when there is none. */
  readonly file: string | undefined;
  /** True when the person named the file: then its folder's code may be run. */
  readonly named: boolean;
  readonly cwd: string;
  /** All sources merged; every part knows its origin. */
  readonly merged: LocatedMap;
  /** The origin of a value as text, or of its key. */
  readonly locate: Locate;
}

const DEFAULTS = { namespace: 'epinio', tlsIssuer: 'epinio-ca' };

/**
 * Loads the configuration of an installation. From weak to strong: defaults, the profile, the config
 * file, environment variables, flags. Everything that is wrong is told in one error, `CONFIG_INVALID` or
 * the single problem's own code, each with its place.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<LoadedConfig> {
  const { loaded, problems } = await readConfig(options);
  if (problems.length > 0) throw problemsError('CONFIG_INVALID', 'The configuration', problems);
  return loaded;
}

/** Like `loadConfig`, but what is wrong is given back, with all that could be understood in spite of it. */
export async function readConfig(
  options: LoadConfigOptions,
): Promise<{ readonly loaded: LoadedConfig; readonly problems: readonly Problem[] }> {
  // Loaded when a configuration is, since many commands read none.
  const [{ findConfigFile }, { readConfigFile }, { readEnvironment }, schema] = await Promise.all([
    import('./find-file.ts'),
    import('./read-file.ts'),
    import('./read-environment.ts'),
    import('./schema.ts'),
  ]);
  const problems: Problem[] = [];
  const checked = (source: Located, against: z.ZodType = schema.configSource): Located => {
    const locateIn: Locate = (path, part) => originText(originAt(source, path, part));
    problems.push(...inFileOrder(checkConfig(against, plain(source), { locate: locateIn }).problems));
    return spellOut(source);
  };

  const named = options.file !== undefined;
  const file = named
    ? resolve(options.cwd, options.file)
    : options.search === false
      ? undefined
      : await findConfigFile(options.cwd);
  const read: Read =
    file === undefined ? { problems: [] } : await readConfigFile(file, { cwd: options.cwd, named });
  problems.push(...read.problems);
  const written =
    read.located && options.interpolate !== false
      ? interpolate(read.located, options.environment, problems)
      : read.located;
  const environment = readEnvironment(options.environment);
  problems.push(...environment.problems);

  const sources: Located[] = [checked(flagLayer(options.flags ?? [])), checked(environment.located)];
  if (written !== undefined) sources.push(checked(written, schema.configFile));
  const profile = textAt(sources, 'profile') ?? options.defaultProfile;
  const filling = profileLayer(profile, options, sources, problems);
  if (filling !== undefined) sources.push(checked(filling));
  sources.push(locate(DEFAULTS, { kind: 'default' }));

  const { entries } = sources.reduceRight<LocatedMap>(
    (low, high) => (high.kind === 'map' ? (lay(high, low) as LocatedMap) : low),
    map({ kind: 'default' }, []),
  );
  // What nobody wrote is missing from the file, where there is one.
  const merged = map(written?.origin ?? { kind: 'default' }, entries);
  // A file that cannot be read, or a profile that is none, would be told again by everything it does not give.
  const isWhole =
    read.problems.length === 0 && (profile === undefined || Object.hasOwn(options.profiles, profile));
  if (isWhole) problems.push(...missing(merged, profile, options));
  const loaded: LoadedConfig = {
    settings: {
      domain: textAt([merged], 'domain') ?? '',
      namespace: textAt([merged], 'namespace') ?? DEFAULTS.namespace,
      tlsIssuer: textAt([merged], 'tlsIssuer') ?? DEFAULTS.tlsIssuer,
    },
    profile,
    components: choicesOf(merged),
    file,
    named,
    cwd: options.cwd,
    merged,
    locate: (path, part) => originText(originAt(merged, path, part)),
  };
  return { loaded, problems };
}

/** By line and column, so that a person mends a file from top to bottom. */
function inFileOrder(problems: readonly Problem[]): Problem[] {
  const place = ({ origin }: Problem): number => {
    const [, line = 0, column = 0] = /:(\d+):(\d+)$/.exec(origin ?? '') ?? [];
    return Number(line) * 10_000 + Number(column);
  };
  return problems.toSorted((a, b) => place(a) - place(b));
}

function flagLayer(flags: readonly FlagValue[]): LocatedMap {
  return flags.reduce<LocatedMap>(
    (layer, { flag, key, value }) => withPart(layer, key.split('.'), locate(value, { kind: 'flag', flag })),
    map({ kind: 'flag', flag: 'flags' }, []),
  );
}

function profileLayer(
  profile: string | undefined,
  options: LoadConfigOptions,
  sources: readonly Located[],
  problems: Problem[],
): Located | undefined {
  if (profile === undefined) return undefined;
  if (Object.hasOwn(options.profiles, profile))
    return locate(options.profiles[profile], { kind: 'profile', profile });
  const source = sources.find((candidate) => partAt(candidate, ['profile']) !== undefined);
  const known = Object.keys(options.profiles);
  problems.push({
    code: 'CONFIG_PROFILE_UNKNOWN',
    message: `Profile "${profile}" does not exist`,
    fix: `known are ${known.map((name) => `"${name}"`).join(', ')}`,
    ...(source === undefined ? {} : { origin: originText(originAt(source, ['profile'])) }),
  });
  return undefined;
}

/** What no source says and nothing can do without. */
function missing(merged: LocatedMap, profile: string | undefined, options: LoadConfigOptions): Problem[] {
  const problems: Problem[] = [];
  const from = profile === undefined ? '' : `, and profile "${profile}" gives none`;
  if (partAt(merged, ['domain']) === undefined) {
    problems.push({
      code: 'CONFIG_DOMAIN_MISSING',
      message: `"domain" is missing${from}`,
      fix: 'set it in the config file, with --domain, or in EPINIO_DOMAIN',
    });
  }
  const components = partAt(merged, ['components']);
  for (const [slot, { value, keyOrigin }] of components?.kind === 'map' ? components.entries : []) {
    if (value.kind !== 'map' || value.entries.has('use')) continue;
    const at: Origin = keyOrigin;
    problems.push({
      code: 'CONFIG_COMPONENT_MISSING',
      message: `"components.${slot}" has options, but no "use"${from}`,
      fix: `add "use" to "components.${slot}"`,
      origin: originText(at),
    });
  }
  for (const slot of options.required ?? []) {
    const part = partAt(merged, ['components', slot]);
    if (part === undefined || part.kind === 'scalar') {
      problems.push({
        code: 'CONFIG_COMPONENT_MISSING',
        message: `"components.${slot}" names no component${from}, and the platform cannot do without`,
        fix: `set "components.${slot}"`,
        ...(part === undefined ? {} : { origin: originText(originAt(merged, ['components', slot])) }),
      });
    }
  }
  return problems;
}

function textAt(sources: readonly Located[], key: string): string | undefined {
  for (const source of sources) {
    const part = partAt(source, [key]);
    if (part?.kind === 'scalar' && typeof part.value === 'string') return part.value;
  }
  return undefined;
}

/** The folder that `use:` names in the config file are looked up from; undefined without a file. */
export function configFolder(loaded: Pick<LoadedConfig, 'file'>): string | undefined {
  return loaded.file === undefined ? undefined : dirname(loaded.file);
}
