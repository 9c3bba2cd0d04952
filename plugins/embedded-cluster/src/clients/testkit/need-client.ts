import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { needProgram } from '@epinio/core/testkit';

/** The releases whose texts the transcripts have; another one words some of them in its own way. */
const RELEASES = {
  kubectl: { release: /v1\.35\./, args: ['version', '--client'] },
  helm: { release: /^v4\./, args: ['version', '--template={{.Version}}'] },
} as const;

export type Client = keyof typeof RELEASES;

/** Whether the client is there in its release. Where it is not, the test is skipped and says so; with `CI=true` it fails. */
export function needClient(t: TestContext, client: Client): boolean {
  const program = needProgram(t, client, 'see what people see');
  if (program === undefined) return false;
  const { release, args } = RELEASES[client];
  const found = execFileSync(program, args, { encoding: 'utf8' });
  if (release.test(found)) return true;
  const message = `${program} is ${found}, and the transcripts are of ${release.source}`;
  if (process.env['CI'] === 'true') assert.fail(message);
  t.skip(`SKIPPED: ${message}`);
  return false;
}
