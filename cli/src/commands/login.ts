import { EpinioError, hasCode } from '@epinio/core';
import { Api } from '../client/api.ts';
import { peerCertificate } from '../client/peer-certificate.ts';
import { connectionOptions, timeoutMultiplier } from '../client/session.ts';
import { flagOption, textOption, type Command, type CommandContext } from '../command.ts';
import { readSettings, writeSettings } from '../settings/settings-file.ts';
import { ask, confirmOrCancel } from '../terminal/prompt.ts';
import { printTable } from '../terminal/table.ts';
import { done, note, warn } from '../terminal/terminal.ts';

export default {
  summary: 'log in to a platform',
  arguments: [
    { name: 'url', description: 'address of the Epinio server, https:// when left out', required: true },
  ],
  options: [
    { flags: '-u, --user <name>', description: 'user name', env: 'EPINIO_USER' },
    {
      flags: '-p, --password <password>',
      description: 'password; prefer the question or the environment, since other users see arguments',
      env: 'EPINIO_PASS',
    },
    { flags: '--trust-ca', description: 'trust the certificate that the server shows, without a question' },
  ],
  examples: ['epinio login epinio.example.com', 'epinio login -u admin https://epinio.localhost:8443'],
  async run([given = ''], options, context) {
    const api = serverUrl(given);
    const { skipVerification, headers } = connectionOptions(options);
    const old = await readSettings(context, options);
    const known = old.api === api ? old.certs : '';
    const trustAll = skipVerification || flagOption(options, 'trustCa');
    const certs = await authorityFor(api, known, trustAll, context);
    const user = textOption(options, 'user') ?? (await ask(context, 'Username: ', 'give --user'));
    const pass =
      textOption(options, 'password') ?? (await ask(context, 'Password: ', 'set EPINIO_PASS', true));
    const connection = { api, user, pass, certs, skipVerification, headers };
    const client = new Api(connection, context.signal, timeoutMultiplier(options));
    try {
      await client.me().catch((error: unknown) => {
        // Servers up to v1.10 have no such route.
        if (!hasCode(error, 'API_404')) throw error;
      });
      const namespace = await client.namespace(old.namespace).then(
        () => old.namespace,
        () => '',
      );
      await writeSettings(context, options, {
        api,
        wss: api.replace(/^http/, 'ws'),
        user,
        pass,
        certs,
        namespace,
      });
      done(context.terminal, 'Login successful');
      if (namespace === '')
        warn(context.terminal, 'No namespace is targeted; choose one with: epinio target NAMESPACE');
    } finally {
      client.close();
    }
  },
} satisfies Command;

function serverUrl(given: string): string {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `https://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:')) return url.origin;
  throw new EpinioError('USAGE_WRONG', `"${given}" is no address of a server`, {
    fix: 'write it as https://HOST[:PORT]',
  });
}

async function authorityFor(
  api: string,
  known: string,
  trustAll: boolean,
  context: CommandContext,
): Promise<string> {
  if (!api.startsWith('https:')) return '';
  const peer = await peerCertificate(api, known, context.signal);
  if (peer.trusted) return known;
  if (!trustAll) {
    printTable(
      context.terminal,
      ['Key', 'Value'],
      [
        ['Issuer Name', peer.issuer],
        ['Common Name', peer.subject],
        ['Expiry', peer.expiry],
      ],
    );
    await confirmOrCancel(context, 'Do you want to trust it', 'give --trust-ca');
  }
  note(context.terminal, `Trusting certificate for address ${api}...`);
  return peer.authority;
}
