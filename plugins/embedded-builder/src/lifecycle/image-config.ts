import type { OciImageConfig } from '@epinio/core/oci';
import type { BuildMetadata } from './build-metadata.ts';
import type { CachedBuildpack, ImageLayer } from './cache.ts';
import { IMAGE_APP, IMAGE_LAYERS } from './image-paths.ts';
import type { TargetMachine } from './target.ts';

/** Constant, so that the same content is the same image: Platform Interface Specification, "Build Reproducibility". */
const CREATED = '1980-01-01T00:00:01Z';

/** Everything that the config of an image tells. Layers are in the order in which they lie on each other. */
export interface ImageContents {
  readonly metadata: BuildMetadata;
  /** With the launch layers' places in the image. */
  readonly buildpacks: readonly CachedBuildpack[];
  readonly app: Pick<ImageLayer, 'diffId'>;
  readonly launcher: Pick<ImageLayer, 'diffId'>;
  readonly diffIds: readonly string[];
  readonly machine: TargetMachine;
}

/** The config of an application image, with the labels of the Platform Interface Specification. */
export function imageConfig(contents: ImageContents): OciImageConfig {
  const { metadata, diffIds, machine } = contents;
  return {
    created: CREATED,
    architecture: machine.arch,
    os: machine.os,
    config: {
      Env: [`CNB_LAYERS_DIR=${IMAGE_LAYERS}`, `CNB_APP_DIR=${IMAGE_APP}`],
      Entrypoint: [`/cnb/process/${metadata.defaultProcess}`],
      WorkingDir: IMAGE_APP,
      Labels: {
        ...Object.fromEntries(metadata.launch.labels),
        'io.buildpacks.build.metadata': JSON.stringify(buildMetadataLabel(metadata)),
        'io.buildpacks.lifecycle.metadata': JSON.stringify(lifecycleMetadataLabel(contents)),
        'io.buildpacks.project.metadata': '{}',
        'io.buildpacks.rebasable': 'false',
      },
    },
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: diffIds.map(() => ({ created: CREATED, created_by: 'Epinio lifecycle' })),
  };
}

function buildMetadataLabel({ buildpacks, launch }: BuildMetadata): object {
  return {
    processes: launch.processes.map((process) => ({
      type: process.type,
      command: process.command,
      args: process.args,
      direct: true,
      'working-dir': process.workingDirectory ?? IMAGE_APP,
      buildpackID: process.buildpack,
      'exec-env': ['*'],
    })),
    buildpacks,
  };
}

function lifecycleMetadataLabel({ app, launcher, buildpacks }: ImageContents): object {
  return {
    app: [{ sha: app.diffId }],
    config: { sha: launcher.diffId },
    'exec-env': 'production',
    launcher: { sha: launcher.diffId },
    buildpacks: buildpacks.map(({ id, version, store, layers }) => ({
      key: id,
      version,
      ...(store !== undefined && { store: { metadata: store } }),
      layers: Object.fromEntries(
        Object.entries(layers)
          .filter(([, layer]) => layer.launch)
          .map(([name, { image, metadata, launch, build, cache }]) => [
            name,
            { sha: image?.diffId, data: metadata, launch, build, cache },
          ]),
      ),
    })),
  };
}
