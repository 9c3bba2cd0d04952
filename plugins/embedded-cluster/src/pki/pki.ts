import { X509Certificate, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { MASTERS } from '../auth/user.ts';
import { createSigningKey, readSigningKey, type SigningKey } from '../auth/tokens/signing-key.ts';
import { API_SERVER_ADDRESS } from '../kinds/network/service-allocation.ts';
import {
  createCertificate,
  createCertificateAuthority,
  type KeyPair,
  type LeafRequest,
} from './certificates.ts';

/** Everything that the API server and its administrator prove themselves with. */
export interface Pki {
  /** PEM of the CA that signs both. */
  readonly authority: string;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  /** The administrator's bearer token, for clients that cannot do certificates. */
  readonly adminToken: string;
  /** What tokens of service accounts are signed with. */
  readonly serviceAccountKey: SigningKey;
}

/** A certificate is renewed when less than this is left of it. */
const RENEW_BEFORE_MS = 60 * 24 * 60 * 60 * 1000;

const SERVER: LeafRequest = {
  commonName: 'kube-apiserver',
  usage: 'server',
  dnsNames: [
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ],
  ipAddresses: ['127.0.0.1', '::1', API_SERVER_ADDRESS],
};
const ADMIN: LeafRequest = { commonName: 'kubernetes-admin', organizations: [MASTERS], usage: 'client' };

/** Reads the certificates in `directory`; makes what is missing, renews what runs out. */
export async function loadPki(directory: string): Promise<Pki> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const authority =
    readPair(join(directory, 'ca.pem')) ??
    write(join(directory, 'ca.pem'), await createCertificateAuthority('epinio embedded cluster'));
  return {
    authority: authority.certificate,
    server: await leaf(join(directory, 'server.pem'), authority, SERVER),
    admin: await leaf(join(directory, 'admin.pem'), authority, ADMIN),
    adminToken: secret(join(directory, 'admin.token'), () => randomBytes(32).toString('base64url')),
    serviceAccountKey: signingKey(join(directory, 'service-accounts.key')),
  };
}

async function leaf(file: string, authority: KeyPair, request: LeafRequest): Promise<KeyPair> {
  const present = readPair(file);
  if (present !== undefined && isGood(present, authority, request)) return present;
  return write(file, await createCertificate(authority, request));
}

function isGood(
  { certificate }: KeyPair,
  authority: KeyPair,
  { dnsNames = [], ipAddresses = [] }: LeafRequest,
): boolean {
  const parsed = new X509Certificate(certificate);
  return (
    dnsNames.every((name) => parsed.checkHost(name) !== undefined) &&
    ipAddresses.every((address) => parsed.checkIP(address) !== undefined) &&
    Date.parse(parsed.validTo) - Date.now() > RENEW_BEFORE_MS &&
    parsed.verify(new X509Certificate(authority.certificate).publicKey)
  );
}

function signingKey(file: string): SigningKey {
  return readSigningKey(secret(file, createSigningKey), file);
}

/** What a file holds that only its owner reads; made when it is not there. */
function secret(file: string, make: () => string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const fresh = make().trim();
  writeSecret(file, `${fresh}\n`);
  return fresh;
}

/** Certificate and key stand in one file, so that no crash leaves one without the other. */
function readPair(file: string): KeyPair | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const certificate = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/.exec(text)?.[0];
  const key = /-----BEGIN PRIVATE KEY-----[^]*?-----END PRIVATE KEY-----/.exec(text)?.[0];
  return certificate === undefined || key === undefined
    ? undefined
    : { certificate: `${certificate}\n`, key: `${key}\n` };
}

function write(file: string, { certificate, key }: KeyPair): KeyPair {
  const pair = { certificate: `${certificate.trim()}\n`, key: `${key.trim()}\n` }; // as it is read
  writeSecret(file, pair.certificate + pair.key);
  return pair;
}

/** Writes a file that only its owner reads: complete or not at all, also after a crash. */
export function writeSecret(file: string, text: string): void {
  const unfinished = `${file}.new`;
  rmSync(unfinished, { force: true });
  const descriptor = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(unfinished, file);
}
