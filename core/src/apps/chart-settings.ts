import { badRequest } from './published-errors.ts';
import type { EpinioError } from '../kernel/errors.ts';

/** What an application chart lets users set, as published. */
export interface ChartSetting {
  readonly type: 'string' | 'bool' | 'number' | 'integer' | 'map';
  readonly minimum?: string;
  readonly maximum?: string;
  readonly enum?: readonly string[];
}

/** The chart that is built in: one Deployment, one Service, an Ingress and a Certificate for each route. */
export const STANDARD_CHART = 'standard';

const standard: Readonly<Record<string, ChartSetting>> = {
  appListeningPort: { type: 'integer', minimum: '1', maximum: '65535' },
};

/** The settings of a chart. @returns undefined when there is no such chart. */
export function chartSettings(chart: string): Readonly<Record<string, ChartSetting>> | undefined {
  return chart === STANDARD_CHART ? standard : undefined;
}

const TRUTH = new Set(['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']);
const INTEGER = /^[-+]?\d+$/;
const NUMBER = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$/;

/** Everything that is wrong with the settings, each as the published 400; empty when nothing is. */
export function settingProblems(
  settings: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, ChartSetting>>,
): EpinioError[] {
  const texts = Object.entries(settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => problemOf(key.replace(/\[[^\]]\]/g, ''), value, declared));
  return texts.filter((text) => text !== undefined).map((text) => badRequest('SETTING_INVALID', text));
}

function problemOf(
  key: string,
  value: string,
  declared: Readonly<Record<string, ChartSetting>>,
): string | undefined {
  const spec = declared[key];
  if (spec !== undefined) return valueProblem(key, value, spec);
  const words = key.split('.').slice(0, -1);
  for (; words.length > 0; words.pop()) {
    if (declared[words.join('.')]?.type === 'map') return undefined;
  }
  return `setting "${key}": not known`;
}

function valueProblem(key: string, value: string, spec: ChartSetting): string | undefined {
  const { type } = spec;
  if (type === 'map') return undefined;
  if (type === 'string') {
    const isAllowed = spec.enum === undefined || spec.enum.length === 0 || spec.enum.includes(value);
    return isAllowed ? undefined : `setting "${key}": illegal string "${value}"`;
  }
  if (type === 'bool') {
    return TRUTH.has(value) ? undefined : `setting "${key}": expected boolean, got "${value}"`;
  }
  if (!(type === 'integer' ? INTEGER : NUMBER).test(value)) {
    return `setting "${key}": expected ${type}, got "${value}"`;
  }
  if (spec.minimum !== undefined && Number(value) < Number(spec.minimum)) {
    return `setting "${key}": out of bounds, "${value}" too small`;
  }
  if (spec.maximum !== undefined && Number(value) > Number(spec.maximum)) {
    return `setting "${key}": out of bounds, "${value}" too large`;
  }
  return undefined;
}
