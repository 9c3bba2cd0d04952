import { z } from 'zod';
import type { ChartPart } from '../kernel/component.ts';
import { mergeValues, type ChartValues } from './merge-values.ts';

/** Where a component's chart comes from unless the configuration says otherwise. */
export interface ChartDefaults {
  /** A name in `repository`, or an `oci://` reference. */
  readonly chart: string;
  readonly repository?: string;
  readonly version: string;
}

/** The options of `chartOptions`, as a plugin gets them. */
export interface ChartOptions {
  readonly chart: string;
  readonly repository?: string | undefined;
  readonly version: string;
  readonly values: ChartValues;
}

/** Members for the strict object of a plugin's config: which chart, from where, and values over the plugin's own. */
export function chartOptions({ chart, repository, version }: ChartDefaults) {
  const source = z.url({ protocol: /^https?$/ });
  const from = 'Address of the chart repository, where `chart` is a name';
  return {
    chart: z
      .string()
      .min(1)
      .default(chart)
      .describe('The chart: its name in `repository`, an oci:// reference, or a path of this machine'),
    repository:
      repository === undefined ? source.optional().describe(from) : source.default(repository).describe(from),
    version: z
      .string()
      .regex(/^v?\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$/, 'it must be the version of a chart, such as 1.2.3')
      .default(version)
      .describe('Version of the chart, whose form of values is used'),
    values: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Values for the chart, over those of this component: Helm's own, as in a values file"),
  };
}

/** The release that a chart becomes. */
export interface ChartRelease {
  readonly release: string;
  readonly namespace: string;
  /** The plugin's own; the configuration's come over them. */
  readonly values: ChartValues;
}

/** Pure: the part for a chart with these options. */
export function chartPart({ release, namespace, values }: ChartRelease, options: ChartOptions): ChartPart {
  const { chart, repository, version } = options;
  const isNamed = !/^oci:\/\/|^\.{0,2}\/|\.tgz$/.test(chart);
  return {
    kind: 'chart',
    release,
    namespace,
    chart,
    ...(isNamed && repository !== undefined ? { repository } : {}),
    version,
    values: mergeValues(values, options.values),
  };
}
