import { randomFillSync } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FigureGroup } from '../figure.ts';
import { MemoryWatch, residentMemory } from '../memory.ts';

const TREE_BYTES = 500e6;
const FILE_BYTES = 1.25e6;
const FILES_PER_FOLDER = 40;
const GOAL_MB = 250;

/** Memory must not grow with what is uploaded. */
export const upload: FigureGroup = {
  figures: {
    'upload-cli': 'peak memory of epinio push with a source tree of 500 MB',
    'upload-server': 'peak memory of the server, from its start to the end of that upload',
  },
  async *measure(bench) {
    if (!bench.wants('upload-cli') && !bench.wants('upload-server')) return;
    const { user } = await bench.platform();
    const server = await user.serverPid();
    const before = (await residentMemory(server))?.nowMb ?? NaN;
    const tree = join(user.folder, 'tree');
    await writeTree(tree);
    let watch: MemoryWatch | undefined;
    try {
      // No buildpack takes the tree, which ends the push once it is uploaded: no time goes into an image.
      const result = await user.run(['push', '--name', 'upload', '--path', tree], {
        onStart: ({ pid }) => (watch = new MemoryWatch(pid ?? 0)),
      });
      if (!/No buildpack/i.test(result.stderr))
        throw new Error(`the upload ended otherwise than it should:\n${result.stdout}${result.stderr}`);
      const cliMb = (await watch?.stop()) ?? NaN;
      const serverMb = (await residentMemory(server))?.peakMb ?? NaN;
      const goal = { kind: 'below', value: GOAL_MB } as const;
      if (bench.wants('upload-cli')) yield { name: 'upload-cli', unit: 'MB', measured: cliMb, runs: 1, goal };
      if (bench.wants('upload-server')) {
        const baseline = { what: 'before the upload', value: before };
        yield { name: 'upload-server', unit: 'MB', measured: serverMb, runs: 1, baseline, goal };
      }
    } finally {
      await watch?.stop();
      await rm(tree, { recursive: true });
      await user.run(['app', 'delete', 'upload', '--yes']);
    }
  },
};

/** Random bytes: nothing on the way can make them smaller. */
async function writeTree(folder: string): Promise<void> {
  const content = Buffer.alloc(FILE_BYTES);
  for (let file = 0; file < TREE_BYTES / FILE_BYTES; file += 1) {
    const below = join(folder, `part-${Math.floor(file / FILES_PER_FOLDER)}`);
    await mkdir(below, { recursive: true });
    await writeFile(join(below, `${file}.bin`), randomFillSync(content));
  }
}
