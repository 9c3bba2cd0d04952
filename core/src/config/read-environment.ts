import { parse } from 'yaml';
import { suggestion } from '../kernel/config-problems.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Problem } from '../kernel/problem.ts';
import { locate, map, withPart, type LocatedMap } from './located.ts';
import type { Origin } from './origin.ts';
import { SLOTS } from './slots.ts';

const SETTINGS = ['profile', 'domain', 'namespace', 'tlsIssuer'] as const;
const PREFIX = 'EPINIO_';
const COMPONENTS = `${PREFIX}COMPONENTS_`;

/**
 * Configuration from environment variables:
 * - `EPINIO_PROFILE`, `EPINIO_DOMAIN`, `EPINIO_NAMESPACE`, `EPINIO_TLS_ISSUER`: text
 * - `EPINIO_COMPONENTS_<SLOT>`: `false`, or the component's name
 * - `EPINIO_COMPONENTS_<SLOT>_USE`: the component's name
 * - `EPINIO_COMPONENTS_<SLOT>_WITH`: all options, as YAML or JSON
 * - `EPINIO_COMPONENTS_<SLOT>_WITH_<KEY>`: one option, as YAML; `HTTPS_PORT` is `httpsPort`
 * - `EPINIO_COMPONENTS_BROKERS`: the list, as YAML or JSON
 *
 * An empty variable counts as not set. Other variables that begin with `EPINIO_` are not ours to judge,
 * but one that begins with `EPINIO_COMPONENTS_` and means nothing is a problem.
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): {
  readonly located: LocatedMap;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  let located = map({ kind: 'default' }, []);
  // Sorted, so that `…_WITH` comes before the single options that refine it.
  for (const [variable, text] of Object.entries(environment).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    const target = targetOf(variable);
    if (target === undefined) {
      if (variable.startsWith(COMPONENTS)) problems.push(unknownVariable(variable));
      continue;
    }
    const origin: Origin = { kind: 'environment', variable };
    try {
      located = withPart(located, target.path, locate(target.read(text), origin));
    } catch (error) {
      const message = `The value is not well-formed YAML: ${messageOf(error)}`;
      problems.push({ code: 'CONFIG_SYNTAX', message, origin: variable, cause: error });
    }
  }
  return { located, problems };
}

interface Target {
  readonly path: readonly string[];
  readonly read: (text: string) => unknown;
}

const asText = (text: string): unknown => text;
const asYaml = (text: string): unknown => parse(text, { prettyErrors: false }) as unknown;
const asChoice = (text: string): unknown => (text === 'false' ? false : { use: text });

function targetOf(variable: string): Target | undefined {
  const setting = SETTINGS.find((key) => variable === PREFIX + constantCase(key));
  if (setting !== undefined) return { path: [setting], read: asText };
  if (variable === `${COMPONENTS}BROKERS`) return { path: ['components', 'brokers'], read: asYaml };
  for (const slot of Object.keys(SLOTS)) {
    const prefix = COMPONENTS + constantCase(slot);
    const path = ['components', slot];
    if (variable === prefix) return { path, read: asChoice };
    if (variable === `${prefix}_USE`) return { path: [...path, 'use'], read: asText };
    if (variable === `${prefix}_WITH`) return { path: [...path, 'with'], read: asYaml };
    if (variable.startsWith(`${prefix}_WITH_`)) {
      return { path: [...path, 'with', camelCase(variable.slice(prefix.length + 6))], read: asYaml };
    }
  }
  return undefined;
}

function unknownVariable(variable: string): Problem {
  const known = Object.keys(SLOTS).flatMap((slot) => {
    const prefix = COMPONENTS + constantCase(slot);
    return [prefix, `${prefix}_USE`, `${prefix}_WITH`];
  });
  const fix = suggestion(variable, [...known, `${COMPONENTS}BROKERS`]) ?? '';
  return {
    code: 'CONFIG_INVALID',
    message: `Environment variable "${variable}" means nothing to the platform`,
    fix: fix.startsWith('did') ? fix : `write ${COMPONENTS}<COMPONENT>_USE or ${COMPONENTS}<COMPONENT>_WITH`,
  };
}

function constantCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function camelCase(constant: string): string {
  return constant.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
