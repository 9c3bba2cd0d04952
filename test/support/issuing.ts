import { createInformers, type Kube } from '@epinio/core';
import { FakeLog, systemClock } from '@epinio/core/testkit';
import { config } from '../../plugins/embedded-certs/src/config.ts';
import { EmbeddedCerts } from '../../plugins/embedded-certs/src/embedded-certs.ts';

/** Somebody who issues what Certificates of cert-manager's API ask for. */
export type Issuing = AsyncDisposable;

/** Does the work of cert-manager's programs in a cluster whose pods only seem to run. */
export async function startIssuing(kube: Kube): Promise<Issuing> {
  const needs = { kube, log: new FakeLog(), clock: systemClock };
  const informers = createInformers(kube, needs);
  const stop = new AbortController();
  const certs = new EmbeddedCerts({ ...needs, informers }, config.parse({}));
  let running = Promise.resolve();
  await new Promise<void>((ready, fail) => {
    running = certs.run({ signal: stop.signal, ready });
    running.catch(fail);
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await informers.close();
    },
  };
}
