import type { Command } from '../command.ts';
import type * as developerCommands from './developer.ts';

export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ default: Command }>;
}

/** A command of `developer.ts`. */
const developer =
  (name: keyof typeof developerCommands): CommandEntry['load'] =>
  async () => ({ default: (await import('./developer.ts'))[name] });

/** Every command by its full name. Loading is lazy: start-up pays for one command only. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  install: { summary: 'install the platform', load: () => import('./install.ts') },
  uninstall: { summary: 'remove what was installed', load: () => import('./uninstall.ts') },
  start: { summary: 'start the embedded platform in the background', load: () => import('./start.ts') },
  stop: { summary: 'stop the embedded platform and its applications', load: () => import('./stop.ts') },
  server: { summary: 'run the platform server in the foreground', load: () => import('./server.ts') },
  components: {
    summary: 'show the components of the platform, whose they are and how they are',
    load: () => import('./components.ts'),
  },
  'config resolved': {
    summary: 'show every setting and where it comes from',
    load: () => import('./config/resolved.ts'),
  },
  login: { summary: 'log in to a platform', load: developer('login') },
  logout: { summary: 'forget user and password', load: developer('logout') },
  info: { summary: 'show versions of server and client', load: developer('info') },
  version: { summary: 'show the version of this command', load: developer('version') },
  target: { summary: 'show or choose the namespace to work in', load: developer('target') },
  'settings show': { summary: 'show the client settings', load: developer('settingsShow') },
  'namespace create': { summary: 'create a namespace', load: developer('namespaceCreate') },
  'namespace list': { summary: 'list namespaces', load: developer('namespaceList') },
  'namespace show': { summary: 'show a namespace', load: developer('namespaceShow') },
  'namespace delete': {
    summary: 'delete namespaces and all that is in them',
    load: developer('namespaceDelete'),
  },
  push: { summary: 'push an application: from source to URL', load: () => import('./push.ts') },
  'app push': { summary: 'push an application: from source to URL', load: () => import('./push.ts') },
  'app create': {
    summary: 'create an application without deploying it',
    load: developer('appCreate'),
  },
  'app list': { summary: 'list applications', load: developer('appList') },
  'app show': { summary: 'show an application', load: developer('appShow') },
  'app logs': { summary: 'show the logs of an application', load: developer('appLogs') },
  'app update': { summary: 'change instances, routes or environment', load: developer('appUpdate') },
  'app restart': { summary: 'restart an application', load: developer('appRestart') },
  'app delete': { summary: 'delete applications', load: developer('appDelete') },
  'app env list': { summary: 'list environment variables', load: developer('appEnvList') },
  'app env set': { summary: 'set an environment variable', load: developer('appEnvSet') },
  'app env show': { summary: 'show an environment variable', load: developer('appEnvShow') },
  'app env unset': { summary: 'remove an environment variable', load: developer('appEnvUnset') },
};

/** Published second names of command words. */
export const aliases: Readonly<Record<string, string>> = { apps: 'app', namespaces: 'namespace' };
