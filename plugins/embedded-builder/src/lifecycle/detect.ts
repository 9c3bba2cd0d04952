import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildpackName, escapedId } from './buildpack.ts';
import type { Buildpack } from './buildpack.ts';
import { withPlatformEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { execute } from './executable.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import type { Group } from './order.ts';
import type { Output } from './output.ts';
import { resolvePlan } from './plan.ts';
import type { Candidate, PlanOption, Resolution } from './plan.ts';
import { fitsTarget, targetEnvironment } from './target.ts';
import type { TargetMachine } from './target.ts';
import { readToml } from './toml.ts';
import type { TomlReader } from './toml.ts';

/** What detection and build work on. All paths are absolute. */
export interface BuildContext {
  readonly app: string;
  readonly layers: string;
  readonly platform: string;
  /** A folder for plans and such, below `layers`. */
  readonly scratch: string;
  readonly environment: Environment;
  /** The user's build environment. */
  readonly platformEnvironment: Environment;
  readonly machine: TargetMachine;
  readonly output: Output;
}

/** What one run of `bin/detect` said. */
interface Detection {
  readonly outcome: 'pass' | 'fail' | 'error';
  readonly options: readonly [PlanOption, ...PlanOption[]];
  readonly lines: readonly string[];
  /** Why it failed or errored, for people. */
  readonly reason: string;
}

const NO_PLAN: readonly [PlanOption] = [{ provides: [], requires: [] }];

/**
 * Tries the groups in order and answers the first in which every required buildpack passes and whose build
 * plan can be resolved. Each buildpack runs at most once, those of a group side by side.
 */
export async function detect(groups: readonly Group[], context: BuildContext): Promise<Resolution> {
  const started = new Map<string, Promise<Detection>>();
  const run = (buildpack: Buildpack): Promise<Detection> => {
    const key = buildpackName(buildpack);
    const running = started.get(key) ?? runDetect(buildpack, context);
    started.set(key, running);
    return running;
  };
  const problems: string[] = [];
  for (const group of groups) {
    const detections = await Promise.all(group.map(({ buildpack }) => run(buildpack)));
    const failed = group.some((element, index) => !element.optional && detections[index]?.outcome !== 'pass');
    const passed = group.flatMap((element, index): Candidate[] => {
      const detection = detections[index];
      return detection?.outcome === 'pass' ? [{ ...element, options: detection.options }] : [];
    });
    if (failed || passed.length === 0) continue;
    const trial = resolvePlan(passed);
    if ('resolution' in trial) return trial.resolution;
    problems.push(trial.problem);
  }
  const detections = new Map<string, Detection>();
  for (const [name, running] of started) detections.set(name, await running);
  throw nothingDetected(groups, detections, problems, context.app);
}

async function runDetect(buildpack: Buildpack, context: BuildContext): Promise<Detection> {
  const { app, platform, scratch, machine } = context;
  if (!fitsTarget(buildpack, machine)) {
    const reason = `is not made for ${machine.os}/${machine.arch}`;
    return { outcome: 'fail', options: NO_PLAN, lines: [], reason };
  }
  const folder = join(scratch, escapedId(buildpack.id));
  mkdirSync(folder, { recursive: true });
  const planFile = join(folder, 'detect-plan.toml');
  const environment = {
    ...context.environment,
    ...targetEnvironment(machine),
    CNB_BUILD_PLAN_PATH: planFile,
    CNB_BUILDPACK_DIR: buildpack.directory,
    CNB_PLATFORM_DIR: platform,
  };
  const lines: string[] = [];
  const { exitCode, signal } = await execute(join(buildpack.directory, 'bin', 'detect'), {
    directory: app,
    args: [platform, planFile],
    environment: buildpack.clearEnv
      ? environment
      : withPlatformEnvironment(environment, context.platformEnvironment),
    onLine: (line) => lines.push(line),
  });
  if (exitCode === 0) return { outcome: 'pass', options: readOptions(planFile), lines, reason: '' };
  if (exitCode === 100)
    return { outcome: 'fail', options: NO_PLAN, lines, reason: 'does not recognise the sources' };
  const reason =
    signal === undefined
      ? `bin/detect ended with exit code ${exitCode ?? '?'}`
      : `bin/detect ended by ${signal}`;
  return { outcome: 'error', options: NO_PLAN, lines, reason };
}

/** The potential plans that `bin/detect` wrote: the document itself, then each `[[or]]`. */
function readOptions(file: string): readonly [PlanOption, ...PlanOption[]] {
  const toml = readToml(file, EXIT.detect);
  if (toml === undefined) return NO_PLAN;
  return [option(toml), ...toml.children('or').map(option)];
}

function option(toml: TomlReader): PlanOption {
  return {
    provides: toml.children('provides').map((entry) => entry.requiredString('name')),
    requires: toml.children('requires').map((entry) => ({
      name: entry.requiredString('name'),
      metadata: entry.child('metadata').table,
    })),
  };
}

/** Says who was asked, what each of them looks for, and where it may be hiding. */
function nothingDetected(
  groups: readonly Group[],
  detections: ReadonlyMap<string, Detection>,
  problems: readonly string[],
  app: string,
): LifecycleError {
  const buildpacks = new Map(groups.flat().map(({ buildpack }) => [buildpackName(buildpack), buildpack]));
  const details: string[] = [];
  const wanted: string[] = [];
  for (const [name, buildpack] of buildpacks) {
    const detection = detections.get(name);
    const looksFor = namesOf(buildpack.metadata['looks-for']);
    wanted.push(...looksFor);
    const hint = looksFor.length === 0 ? '' : ` (looks for ${looksFor.join(', ')})`;
    details.push(`${name}: ${detection?.reason || 'was not used'}${hint}`);
    const said = detection?.outcome === 'error' || looksFor.length === 0 ? detection?.lines : [];
    details.push(...(said ?? []).map((line) => `  ${line}`));
  }
  details.push(...problems);
  const errored = [...detections.values()].some(({ outcome }) => outcome === 'error');
  const reason = whatIsThere(app, wanted);
  const add = wanted.length === 0 ? '' : `: add one of ${[...new Set(wanted)].join(', ')}`;
  return new LifecycleError(
    errored ? EXIT.detectErrored : EXIT.nothingDetected,
    `No buildpack recognises the sources (${reason})${add}`,
    { details },
  );
}

function whatIsThere(app: string, wanted: readonly string[]): string {
  const entries = readdirSync(app, { withFileTypes: true });
  if (entries.length === 0) return 'the folder is empty';
  for (const folder of entries.filter((entry) => entry.isDirectory())) {
    const found = wanted.find((name) => existsSync(join(app, folder.name, name)));
    if (found !== undefined) return `"${found}" is in the folder "${folder.name}", push that folder`;
  }
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
  const shown = names.slice(0, 8).join(', ');
  return `they hold ${shown}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}

function namesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
