import type { Part, Probe } from '../kernel/component.ts';
import type { AnyPlugin } from '../kernel/plugin.ts';
import type { Platform, PlatformNode } from '../kernel/platform.ts';
import type { RecordedPlugin } from './record.ts';

/** Something to be installed: a plugin's component, or what the platform itself puts into the cluster. */
export interface InstallComponent {
  /** Unique; names it in progress, labels and errors. */
  readonly id: string;
  readonly plugin?: RecordedPlugin;
  /** Ids of the components that must be ready before it is begun. */
  readonly needs: readonly string[];
  readonly parts: readonly Part[];
  readonly probes: readonly Probe[];
}

/**
 * The components of a platform's plugins, each after those it needs. `recorded` tells how a plugin is
 * found again by another process.
 */
export function componentsOf(
  platform: Pick<Platform, 'nodes'>,
  recorded: (node: PlatformNode) => RecordedPlugin | undefined,
): InstallComponent[] {
  const nodes = new Map(platform.nodes.map((node) => [node.name, node]));
  return platform.nodes.flatMap((node): InstallComponent[] => {
    if (node.plugin === undefined) return [];
    const plugin = recorded(node);
    const { parts, probes } = node.plugin as Pick<AnyPlugin, 'parts' | 'probes'>;
    return [
      {
        id: node.name,
        ...(plugin === undefined ? {} : { plugin }),
        needs: [...new Set(pluginsBefore(node, nodes))],
        parts: parts(node.config),
        probes: probes(node.config),
      },
    ];
  });
}

/** Through derived ports and lists, which are nothing to install. */
function pluginsBefore(node: PlatformNode, nodes: ReadonlyMap<string, PlatformNode>): string[] {
  return node.after.flatMap((name) => {
    const before = nodes.get(name);
    if (before === undefined) return [];
    return before.plugin === undefined ? pluginsBefore(before, nodes) : [before.name];
  });
}
