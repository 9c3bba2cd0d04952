import { stringify } from 'yaml';
import type { App } from '../models/app.ts';

/** The application as a manifest that can be pushed again: the published YAML keys, which are not those of the JSON. */
export function appManifest({ meta, configuration, origin, staging }: App): string {
  const {
    instances,
    configurations,
    environment,
    services = [],
    routes,
    appchart,
    settings = {},
  } = configuration;
  const { git, path, archive, container } = origin;
  return stringify({
    name: meta.name,
    configuration: {
      instances,
      ...present('configurations', configurations),
      ...present('environment', environment),
      ...present('services', services),
      // Also when empty: that is "no route", and its absence "the default route".
      routes,
      ...(appchart === undefined ? {} : { appchart }),
      ...present('settings', settings),
    },
    origin: {
      ...(container === undefined ? {} : { container }),
      ...(git === undefined ? {} : { git: gitManifest(git) }),
      ...(path === undefined ? {} : { path }),
      ...(archive === true ? { archive } : {}),
    },
    staging: staging.builder === undefined ? {} : { builder: staging.builder },
    ...(meta.namespace === undefined ? {} : { namespace: meta.namespace }),
  });
}

function gitManifest({
  revision,
  repository,
  provider,
  branch,
  gitconfig,
}: NonNullable<App['origin']['git']>) {
  const entries = Object.entries({ revision, url: repository, provider, branch, gitconfig });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function present(key: string, value: readonly unknown[] | Readonly<Record<string, unknown>>): object {
  return Object.keys(value).length === 0 ? {} : { [key]: value };
}
