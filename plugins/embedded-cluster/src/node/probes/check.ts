import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ContainerProbe } from '@epinio/core';
import { messageOf } from '@epinio/core';

/** What came of asking a container once. */
export interface ProbeResult {
  readonly ok: boolean;
  /** Why not. */
  readonly reason: string;
}

export interface ProbeContext {
  /** The real port behind a container port, by number or name. */
  readonly port: (port: number | string) => number | undefined;
  /** Runs a command in the container. */
  readonly exec: (
    argv: readonly string[],
    timeoutMs: number,
    signal: AbortSignal,
  ) => Promise<{ exitCode: number; output: string }>;
}

const LOCALHOST = '127.0.0.1';
const OK: ProbeResult = { ok: true, reason: '' };

/** Asks once; never rejects. A probe of a kind that is not known here fails, and says so. */
export async function checkProbe(
  probe: ContainerProbe,
  context: ProbeContext,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const { exec, httpGet, tcpSocket } = probe;
  if (exec !== undefined) {
    const { exitCode, output } = await context.exec(exec.command ?? [], timeoutMs, signal);
    if (exitCode === 124) return failed(`command timed out after ${timeoutMs / 1000}s`);
    return exitCode === 0 ? OK : failed(output.trim() || `command exited with ${exitCode}`);
  }
  const wanted = httpGet?.port ?? tcpSocket?.port;
  if (wanted === undefined)
    return failed('the embedded cluster knows exec, httpGet and tcpSocket probes only');
  const port = context.port(wanted);
  if (port === undefined) return failed(`the container has no port "${wanted}"`);
  if (tcpSocket !== undefined) return await checkTcp(tcpSocket.host ?? LOCALHOST, port, timeoutMs, signal);
  return await checkHttp(httpGet ?? { port }, port, timeoutMs, signal);
}

function checkTcp(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal, timeout: timeoutMs });
    const end = (result: ProbeResult): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(OK));
    socket.once('timeout', () => end(failed(`dial tcp ${host}:${port}: i/o timeout`)));
    socket.once('error', (error) => end(failed(`dial tcp ${host}:${port}: ${messageOf(error)}`)));
  });
}

/** Any status from 200 to 399 will do; certificates are not checked, as by the kubelet. */
function checkHttp(
  { path = '/', host = LOCALHOST, scheme = 'HTTP', httpHeaders = [] }: NonNullable<ContainerProbe['httpGet']>,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const request = scheme === 'HTTPS' ? httpsRequest : httpRequest;
  const headers: Record<string, string> = {
    'user-agent': 'kube-probe/1.35',
    accept: '*/*',
    connection: 'close',
  };
  for (const { name, value } of httpHeaders) headers[name.toLowerCase()] = value;
  const timeout = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    const sent = request(
      {
        host,
        port,
        path,
        headers,
        agent: false,
        rejectUnauthorized: false,
        signal: AbortSignal.any([signal, timeout]),
      },
      (response) => {
        const { statusCode = 0 } = response;
        response.destroy();
        resolve(
          statusCode >= 200 && statusCode < 400
            ? OK
            : failed(`HTTP probe failed with statuscode: ${statusCode}`),
        );
      },
    );
    sent.once('error', (error) => {
      const url = `${scheme.toLowerCase()}://${host}:${port}${path}`;
      resolve(
        failed(
          timeout.aborted ? `Get "${url}": context deadline exceeded` : `Get "${url}": ${messageOf(error)}`,
        ),
      );
    });
    sent.end();
  });
}

function failed(reason: string): ProbeResult {
  return { ok: false, reason };
}
