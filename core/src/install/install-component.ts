import type { z } from 'zod';
import type { Part, Probe } from '../kernel/component.ts';
import { withoutSecrets } from '../kernel/config-secrets.ts';
import { EpinioError, messageOf } from '../kernel/errors.ts';
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
 * found and configured again by another process; what its schema marks as secret is left out.
 */
export function componentsOf(
  platform: Pick<Platform, 'nodes'>,
  recorded: (node: PlatformNode) => RecordedPlugin | undefined,
): InstallComponent[] {
  const nodes = new Map(platform.nodes.map((node) => [node.name, node]));
  return platform.nodes.flatMap((node): InstallComponent[] => {
    if (node.plugin === undefined) return [];
    const own = recorded(node);
    // A record is readable by more people than a configuration with secrets may be.
    const config = withoutSecrets(node.plugin.config as z.ZodType, own?.config);
    return [
      {
        id: node.name,
        ...(own === undefined ? {} : { plugin: { ...own, config } }),
        needs: [...new Set(pluginsBefore(node, nodes))],
        ...objectsOf(node.name, node.plugin, node.config),
      },
    ];
  });
}

/** What a plugin declares for its config. Both functions are pure, so a failure is the plugin's fault. */
function objectsOf(
  name: string,
  { parts, probes }: AnyPlugin,
  config: unknown,
): Pick<InstallComponent, 'parts' | 'probes'> {
  try {
    return { parts: parts(config), probes: probes(config) };
  } catch (cause) {
    throw new EpinioError(
      'PLUGIN_PARTS_FAILED',
      `Plugin "${name}" could not say what it installs: ${messageOf(cause)}`,
      { fault: 'system', cause },
    );
  }
}

/** Through derived ports and lists, which are nothing to install. */
function pluginsBefore(node: PlatformNode, nodes: ReadonlyMap<string, PlatformNode>): string[] {
  return node.after.flatMap((name) => {
    const before = nodes.get(name);
    if (before === undefined) return [];
    return before.plugin === undefined ? pluginsBefore(before, nodes) : [before.name];
  });
}
