import { withoutPassword } from '@epinio/core';
import { targetOf, withSession } from '../client/session.ts';
import { outputOption, wantsJson, type Command } from '../command.ts';
import { push } from '../push/push.ts';
import { readPushRequest, type PushRequest } from '../push/request.ts';
import { done, note, paint, print, printJson, type Terminal } from '../terminal/terminal.ts';
import { configurationOptions } from './app/configuration-options.ts';

export default {
  summary: 'push an application: from source to URL',
  arguments: [
    { name: 'manifest', description: 'path of the manifest, epinio.yml when left out', required: false },
  ],
  options: [
    { flags: '-n, --name <name>', description: 'application name' },
    { flags: '-p, --path <directory>', description: 'source folder or archive' },
    { flags: '-g, --git <repository>', description: 'git repository: URL[,REVISION]' },
    { flags: '--git-config <id>', description: 'gitconfig for the clone' },
    { flags: '--container-image-url <image>', description: 'run this image, build nothing' },
    { flags: '--builder-image <image>', description: 'builder for the staging' },
    ...configurationOptions,
    outputOption,
  ],
  examples: [
    'epinio push',
    'epinio push path/to/epinio.yml',
    'epinio push --name sample --path ./sample',
    'epinio push --name sample --git https://example.com/me/sample.git,main',
  ],
  async run([manifest], options, context) {
    const request = await readPushRequest(manifest, options, context.cwd);
    await withSession(context, options, async (session) => {
      const namespace = targetOf(session);
      announce(context.terminal, request, namespace);
      const deployment = await push(request, {
        session,
        namespace,
        terminal: context.terminal,
        signal: context.signal,
      });
      if (wantsJson(options)) {
        printJson(context.terminal, deployment);
        return;
      }
      done(context.terminal, 'App is online.');
      const urls = deployment.urls ?? (deployment.routes ?? []).map((route) => `https://${route}`);
      print(context.terminal, `Name: ${request.name}`);
      print(context.terminal, `Namespace: ${namespace}`);
      if (urls.length === 0) print(context.terminal, 'Routes: <<none>>');
      urls.forEach((url, index) => print(context.terminal, `${String(index + 1)}: ${url}`));
    });
  },
} satisfies Command;

function announce(
  terminal: Terminal,
  { manifest, name, origin, builder, configuration }: PushRequest,
  namespace: string,
): void {
  const source = {
    path: (): string => (origin.kind === 'path' ? origin.path : ''),
    git: (): string =>
      origin.kind === 'git'
        ? [withoutPassword(origin.git.url), origin.git.revision].filter(Boolean).join(' @ ')
        : '',
    container: (): string => (origin.kind === 'container' ? origin.container : ''),
  }[origin.kind]();
  const routes = configuration.routes;
  const pairs: [string, string][] = [
    ['Manifest', manifest],
    ['Name', name],
    ['Source Origin', source],
    ['Target Namespace', namespace],
    ['Builder', builder ?? '<<default>>'],
    ['Instances', String(configuration.instances ?? '<<default>>')],
    ['Routes', routes === undefined ? '<<default>>' : routes.join(', ') || '<<none>>'],
  ];
  // Names only: values may be secrets, and terminals are shared.
  const variables = Object.keys(configuration.environment ?? {});
  if (variables.length > 0) pairs.push(['Environment', variables.join(', ')]);
  note(terminal, 'About to push an application with the given setup');
  for (const [key, value] of pairs) note(terminal, `  ${paint(terminal, 'dim', `${key}:`)} ${value}`);
}
