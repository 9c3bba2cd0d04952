import { componentsOf, type InstallComponent, type Installation, type Platform } from '@epinio/core';
import { platformParts } from '@epinio/core/api';

/** What an installation is made of. The platform's own objects come first: every component may count on its namespace. */
export function installComponents(
  platform: Platform,
  { loaded, plugins }: Installation,
): readonly InstallComponent[] {
  const own: InstallComponent = {
    id: 'epinio',
    needs: [],
    parts: platformParts(loaded.settings),
    probes: [],
  };
  const components = componentsOf(platform, (node) => {
    const resolved = plugins.find(({ name }) => name === node.name);
    if (resolved === undefined) return undefined;
    const { choice } = resolved;
    return { contract: choice.contract, use: choice.use, config: choice.with };
  });
  return [own, ...components.map((component) => ({ ...component, needs: [own.id, ...component.needs] }))];
}
