import { createPathRewriter, type PathMapping } from './path-rewriter.ts';
import type { ContainerSpec, Isolation, Launch } from './isolation.ts';

/**
 * Containers as plain processes, for machines without bubblewrap: they see the host's file system. Paths of
 * the image and of mounts do not exist there, so they are replaced by the real ones wherever a container is
 * told them: command, arguments, working folder, environment.
 */
export function createPlainProcess(options: {
  readonly description: string;
  readonly firstUid?: number;
}): Isolation {
  function launch(container: ContainerSpec): Launch {
    const rewriter = createPathRewriter(mappings(container));
    const env = Object.fromEntries(
      Object.entries(container.env).map(([name, value]) => [name, rewriter.value(value)]),
    );
    return {
      command: container.argv.map((argument) => rewriter.word(argument)),
      env: { ...env, HOME: homeOf(container, env), TMPDIR: env['TMPDIR'] ?? container.tmp },
      cwd: rewriter.value(container.workingDir),
      ...(container.uid === undefined ? {} : { uid: container.uid }),
    };
  }
  return {
    kind: 'process',
    ...options,
    launch,
    exec: (_run, container, argv) => launch({ ...container, argv }),
  };
}

/** The private home, unless HOME names a folder of the image or of a volume. */
function homeOf({ env, home }: ContainerSpec, rewritten: Readonly<Record<string, string>>): string {
  const wanted = rewritten['HOME'];
  return wanted === undefined || wanted === env['HOME'] ? home : wanted;
}

function mappings({ image, mounts }: ContainerSpec): PathMapping[] {
  return [
    ...image.entries.map(({ name }) => ({ path: `/${name}`, real: `${image.folder}/${name}` })),
    ...mounts.map(({ destination, source }) => ({ path: destination, real: source })),
  ];
}
