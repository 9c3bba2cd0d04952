import { EpinioError } from '../kernel/errors.ts';
import type { OciDescriptor, OciIndex, OciPlatform } from './image.ts';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

/** Linux on the processor that this process runs on. */
export function defaultPlatform(): OciPlatform {
  return { os: 'linux', architecture: ARCHITECTURES[process.arch] ?? process.arch };
}

/** The image of an index for one platform; fails with `REGISTRY_PLATFORM_MISSING`. */
export function selectPlatform(index: OciIndex, wanted: OciPlatform, subject: string): OciDescriptor {
  const fits = index.manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const exact = fits.find(({ platform }) => platform?.variant === wanted.variant);
  const found = exact ?? (wanted.variant === undefined ? fits[0] : undefined);
  if (found !== undefined) return found;
  const offered = index.manifests.map(({ platform }) =>
    platform === undefined ? undefined : platformName(platform),
  );
  throw new EpinioError(
    'REGISTRY_PLATFORM_MISSING',
    `Image "${subject}" has no variant for ${platformName(wanted)}`,
    {
      fix: 'Use an image that was built for this platform',
      details: [
        `It is there for: ${[...new Set(offered)].filter((name) => name !== undefined).join(', ') || 'no platform at all'}`,
      ],
    },
  );
}

function platformName({ os, architecture, variant }: OciPlatform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}
