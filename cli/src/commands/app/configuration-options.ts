import { EpinioError } from '@epinio/core';
import type { AppUpdateRequest } from '../../client/models.ts';
import { flagOption, listOption, textOption, type Options, type OptionSpec } from '../../command.ts';
import { readAssignments } from '../../push/assignment.ts';

/** The flags of `push`, `app create` and `app update` that say how an application runs. */
export const configurationOptions: readonly OptionSpec[] = [
  { flags: '-i, --instances <number>', description: 'number of instances' },
  { flags: '-e, --env <assignment>', description: 'environment variable NAME=VALUE', repeatable: true },
  { flags: '--env-replace', description: 'replace the whole environment instead of merging into it' },
  { flags: '-r, --route <route>', description: 'custom route HOST[/PATH]', repeatable: true },
  { flags: '-z, --clear-routes', description: 'no route at all' },
  { flags: '-b, --bind <configuration>', description: 'configuration to bind', repeatable: true },
  { flags: '-v, --chart-value <assignment>', description: 'chart setting KEY=VALUE', repeatable: true },
  { flags: '--app-chart <name>', description: 'application chart' },
];

/** What the flags change; keys of flags that were not given are absent. */
export function readConfiguration(options: Options): AppUpdateRequest {
  const instances = textOption(options, 'instances');
  const env = listOption(options, 'env');
  const routes = listOption(options, 'route');
  const configurations = listOption(options, 'bind');
  const settings = listOption(options, 'chartValue');
  const appchart = textOption(options, 'appChart');
  const clear = flagOption(options, 'clearRoutes');
  if (clear && routes !== undefined) {
    throw new EpinioError('USAGE_WRONG', 'Cannot use --route and --clear-routes together', {
      fix: 'give one of the two',
    });
  }
  if (instances !== undefined && !/^\d+$/.test(instances)) {
    throw new EpinioError('USAGE_WRONG', `Bad --instances "${instances}"`, {
      fix: 'give a whole number, 0 or more',
    });
  }
  return {
    ...(instances === undefined ? {} : { instances: Number(instances) }),
    ...(env === undefined ? {} : { environment: readAssignments('--env', env) }),
    ...(flagOption(options, 'envReplace') ? { replace_env: true } : {}),
    ...(clear ? { routes: [] } : routes === undefined ? {} : { routes }),
    ...(configurations === undefined ? {} : { configurations }),
    ...(settings === undefined ? {} : { settings: readAssignments('--chart-value', settings) }),
    ...(appchart === undefined ? {} : { appchart }),
  };
}
