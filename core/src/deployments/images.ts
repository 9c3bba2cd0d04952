import type { AppName } from '../apps/app-object.ts';
import type { Registry } from '../contracts/registry.ts';

/** Below it, all application images are kept. Also what the published annotation of `registry-creds` says. */
export const REGISTRY_NAMESPACE = 'apps';

/** The repository of an application's images, as the registry contract takes it. */
export function repositoryName({ namespace, name }: AppName): string {
  return `${REGISTRY_NAMESPACE}/${namespace}-${name}`;
}

/** The image that a staging run pushes. */
export async function stagedImage(registry: Registry, app: AppName, stageId: string): Promise<string> {
  const { push } = await registry.repository(repositoryName(app));
  return `${push}:${stageId}`;
}

/** How nodes name the image: ours under the registry's name for pulling, any other as it is. */
export async function pullReference(registry: Registry, app: AppName, image: string): Promise<string> {
  const { push, pull } = await registry.repository(repositoryName(app));
  return image.startsWith(`${push}:`) ? `${pull}${image.slice(push.length)}` : image;
}
