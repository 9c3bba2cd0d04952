import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'smol-toml';
import { buildpackName, escapedId } from './buildpack.ts';
import type { Buildpack } from './buildpack.ts';
import type { BuildMetadata } from './build-metadata.ts';
import type { BuildContext } from './detect.ts';
import { applyChanges, layerChanges, withPlatformEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { execute } from './executable.ts';
import type { Ending } from './executable.ts';
import { defaultProcess, mergeLaunches, readLaunch } from './launch.ts';
import type { Launch } from './launch.ts';
import { readLayers } from './layer.ts';
import { EXIT, LifecycleError } from './lifecycle-error.ts';
import { duration, ERROR_PREFIX } from './output.ts';
import { entriesFor, planAfter } from './plan.ts';
import type { PlanEntry, Resolution } from './plan.ts';
import { targetEnvironment } from './target.ts';
import { readToml } from './toml.ts';

/**
 * Runs `bin/build` of each buildpack of the group in turn, with what those before it provide, and answers
 * what is to be launched (Buildpack Interface Specification, "Phase #5"). Stops at the first that fails.
 */
export async function build(resolution: Resolution, context: BuildContext): Promise<BuildMetadata> {
  const launches: Launch[] = [];
  let environment = context.environment;
  let plan = resolution.plan;
  for (const { buildpack } of resolution.group) {
    const layers = buildpackLayers(context, buildpack);
    await runBuild(buildpack, layers, environment, plan, context);
    plan = planAfter(plan, buildpack.id, readUnmet(layers, buildpack, plan));
    environment = afterBuildpack(layers, environment);
    launches.push(readLaunch(layers, buildpack.id));
  }
  const launch = mergeLaunches(launches);
  const chosen = defaultProcess(launch.processes);
  if (chosen === undefined) throw nothingToStart(launch);
  const buildpacks = resolution.group.map(({ buildpack: { id, version, api, homepage } }) => ({
    id,
    version,
    api,
    homepage,
  }));
  return { buildpacks, launch, defaultProcess: chosen };
}

/** Where a buildpack keeps its layers, made if it is not there. */
export function buildpackLayers(
  context: Pick<BuildContext, 'layers'>,
  buildpack: Pick<Buildpack, 'id'>,
): string {
  const folder = join(context.layers, escapedId(buildpack.id));
  mkdirSync(folder, { recursive: true });
  return folder;
}

async function runBuild(
  buildpack: Buildpack,
  layers: string,
  environment: Environment,
  plan: readonly PlanEntry[],
  context: BuildContext,
): Promise<void> {
  const { output, platform, machine } = context;
  const started = performance.now();
  output.heading(buildpackName(buildpack));
  const scratch = join(context.scratch, escapedId(buildpack.id));
  mkdirSync(scratch, { recursive: true });
  const planFile = join(scratch, 'plan.toml');
  writeFileSync(planFile, stringify({ entries: entriesFor(plan, buildpack.id) }));
  const complete = {
    ...environment,
    ...targetEnvironment(machine),
    CNB_BP_PLAN_PATH: planFile,
    CNB_BUILDPACK_DIR: buildpack.directory,
    CNB_LAYERS_DIR: layers,
    CNB_PLATFORM_DIR: platform,
  };
  let reason: string | undefined;
  // Why it fails is said in the closing line, and not twice: the line is held back while it is the last.
  let held: string | undefined;
  const show = (line: string): void => {
    if (held !== undefined) output.line(held);
    held = line.startsWith(ERROR_PREFIX) ? line : undefined;
    if (held === undefined) output.line(line);
    else reason = line.slice(ERROR_PREFIX.length);
  };
  const ending = await execute(join(buildpack.directory, 'bin', 'build'), {
    directory: context.app,
    args: [layers, platform, planFile],
    environment: buildpack.clearEnv
      ? complete
      : withPlatformEnvironment(complete, context.platformEnvironment),
    onLine: show,
  });
  if (ending.exitCode !== 0) throw buildpackFailed(buildpack, ending, reason);
  if (held !== undefined) output.line(held);
  output.line(`done in ${duration(performance.now() - started)}`);
}

function buildpackFailed(buildpack: Buildpack, ending: Ending, reason: string | undefined): LifecycleError {
  const how =
    ending.signal === undefined
      ? `bin/build ended with exit code ${ending.exitCode ?? '?'}`
      : `bin/build was ended by ${ending.signal}`;
  return new LifecycleError(EXIT.buildpackFailed, `Buildpack "${buildpack.id}" failed: ${reason ?? how}`);
}

function readUnmet(layers: string, buildpack: Buildpack, plan: readonly PlanEntry[]): readonly string[] {
  const toml = readToml(join(layers, 'build.toml'), EXIT.build);
  const names = toml?.children('unmet').map((entry) => entry.requiredString('name')) ?? [];
  const given = entriesFor(plan, buildpack.id).map(({ name }) => name);
  const stranger = names.find((name) => !given.includes(name));
  if (stranger === undefined) return names;
  throw new LifecycleError(
    EXIT.build,
    `Buildpack "${buildpack.id}" says that "${stranger}" is unmet, which it was not asked for`,
  );
}

/** What the buildpack's layers do to the environment of those after it; layers of no type are put aside. */
function afterBuildpack(layers: string, environment: Environment): Environment {
  let result = environment;
  for (const layer of readLayers(layers, EXIT.build)) {
    if (!layer.launch && !layer.build && !layer.cache) {
      if (layer.present) renameSync(layer.directory, `${layer.directory}.ignore`);
    } else if (layer.build && layer.present) {
      result = applyChanges(result, layerChanges(layer.directory, 'build'));
    }
  }
  return result;
}

function nothingToStart(launch: Launch): LifecycleError {
  const types = launch.processes.map(({ type }) => type);
  const what =
    types.length === 0
      ? 'No buildpack says how to start the application'
      : `Nothing says which process to start: ${types.join(', ')}`;
  return new LifecycleError(EXIT.build, `${what}: add a file "Procfile" with a line "web: <command>"`);
}
