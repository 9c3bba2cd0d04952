import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BUILDER_PATHS, builderContents } from '../../builder-image/contents.ts';
import type { BuilderFolders } from '../../lifecycle/testkit/build-machine.ts';
import { temporaryFolder } from '../../lifecycle/testkit/temporary-folder.ts';

/** The contents of the builder image, unpacked as a node would, until the test file is over. */
export function ourBuilder(
  extraBuildpacks: readonly string[] = [],
): BuilderFolders & { readonly lifecycle: string } & Disposable {
  const folder = temporaryFolder();
  for (const source of builderContents(extraBuildpacks).sources) {
    const file = join(folder.path, source.at);
    mkdirSync(dirname(file), { recursive: true });
    if ('content' in source) writeFileSync(file, source.content);
    else if ('file' in source) copyFileSync(source.file, file);
    else if ('linkTo' in source) symlinkSync(source.linkTo, file);
  }
  return {
    buildpacks: join(folder.path, BUILDER_PATHS.buildpacks),
    order: join(folder.path, BUILDER_PATHS.order),
    lifecycle: join(folder.path, BUILDER_PATHS.lifecycle),
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
