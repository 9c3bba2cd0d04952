import type { Command } from '../command.ts';

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ default: Command }>;
}

/** Every command by its full name. Loading is lazy: start-up pays for one command only. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  install: { summary: 'install the platform', load: () => import('./install.ts') },
  uninstall: { summary: 'remove what was installed', load: () => import('./uninstall.ts') },
  start: { summary: 'start the embedded platform in the background', load: () => import('./start.ts') },
  stop: { summary: 'stop the embedded platform and its applications', load: () => import('./stop.ts') },
  server: { summary: 'run the platform server in the foreground', load: () => import('./server.ts') },
  'config resolved': {
    summary: 'show every setting and where it comes from',
    load: () => import('./config/resolved.ts'),
  },
  login: { summary: 'log in to a platform', load: () => import('./login.ts') },
  logout: { summary: 'forget user and password', load: () => import('./logout.ts') },
  info: { summary: 'show versions of server and client', load: () => import('./info.ts') },
  version: { summary: 'show the version of this command', load: () => import('./version.ts') },
  target: { summary: 'show or choose the namespace to work in', load: () => import('./target.ts') },
  'settings show': { summary: 'show the client settings', load: () => import('./settings/show.ts') },
  'namespace create': { summary: 'create a namespace', load: () => import('./namespace/create.ts') },
  'namespace list': { summary: 'list namespaces', load: () => import('./namespace/list.ts') },
  'namespace show': { summary: 'show a namespace', load: () => import('./namespace/show.ts') },
  'namespace delete': {
    summary: 'delete namespaces and all that is in them',
    load: () => import('./namespace/delete.ts'),
  },
  push: { summary: 'push an application: from source to URL', load: () => import('./push.ts') },
  'app push': { summary: 'push an application: from source to URL', load: () => import('./push.ts') },
  'app create': {
    summary: 'create an application without deploying it',
    load: () => import('./app/create.ts'),
  },
  'app list': { summary: 'list applications', load: () => import('./app/list.ts') },
  'app show': { summary: 'show an application', load: () => import('./app/show.ts') },
  'app logs': { summary: 'show the logs of an application', load: () => import('./app/logs.ts') },
  'app update': { summary: 'change instances, routes or environment', load: () => import('./app/update.ts') },
  'app restart': { summary: 'restart an application', load: () => import('./app/restart.ts') },
  'app delete': { summary: 'delete applications', load: () => import('./app/delete.ts') },
  'app env list': { summary: 'list environment variables', load: () => import('./app-env/list.ts') },
  'app env set': { summary: 'set an environment variable', load: () => import('./app-env/set.ts') },
  'app env show': { summary: 'show an environment variable', load: () => import('./app-env/show.ts') },
  'app env unset': { summary: 'remove an environment variable', load: () => import('./app-env/unset.ts') },
};

/** Published second names of command words. */
export const aliases: Readonly<Record<string, string>> = { apps: 'app', namespaces: 'namespace' };
