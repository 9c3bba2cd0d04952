import {
  EpinioError,
  isEpinioError,
  type Clock,
  type Condition,
  type Kube,
  type Log,
  type Secret,
} from '@epinio/core';
import { CERTIFICATES, SECRETS, type Certificate } from '../kinds.ts';
import { ID } from '../resources.ts';
import { secretData, tlsFilesOf } from '../secret-files.ts';
import { reasonToIssue, renewalTime, type TlsFiles } from '../x509/fitness.ts';
import { issue, readCertificate, type Signer } from '../x509/issue.ts';
import { generateKeys, keyFits, keyPem, readKeys, type KeyPair } from '../x509/key-pair.ts';
import { wishOf, type Wish } from '../x509/wish.ts';
import { authorityOf, issuerOf, type IssuerSources } from './authority.ts';
import { withCondition } from './conditions.ts';
import { hasMark, type Marks, marksOf, reasonInMarks, TEMPLATE_MARK } from './marks.ts';

export interface CertificateDeps extends IssuerSources {
  readonly kube: Kube;
  readonly clock: Clock;
  readonly log: Log;
}

const NAME = 'cert-manager.io/certificate-name';

/**
 * Brings the Secret of a Certificate to what it asks for, and says in its status how that went. The Secret
 * is owned by the Certificate and goes with it. One that holds someone else's data is left alone.
 * @returns milliseconds until it is due for renewal; undefined when there is nothing to wait for
 */
export async function reconcileCertificate(
  certificate: Certificate,
  deps: CertificateDeps,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const wish = wishOf(certificate);
    const authority = authorityOf(issuerOf(certificate, deps), deps);
    const signer = authority.kind === 'ca' ? authority.signer : undefined;
    const marks = marksOf(certificate, wish);
    const now = deps.clock.now();
    // The copy in memory may be older than what this loop has just written.
    const why = (secret: Secret | undefined): string | undefined =>
      reasonToIssue(tlsFilesOf(secret), wish, signer, now) ?? reasonInMarks(secret, marks);
    const isFit = (secret: Secret | undefined): boolean =>
      why(secret) === undefined && hasMark(secret, TEMPLATE_MARK, marks);
    let secret = deps.secrets.get(certificate.metadata.namespace, certificate.spec.secretName);
    if (!isFit(secret)) secret = await readSecret(certificate, deps.kube, signal);
    assertOurs(certificate, secret);
    let files = tlsFilesOf(secret);
    const reason = why(secret);
    if (reason !== undefined) {
      deps.log.info('Issuing a certificate', { certificate: keyOf(certificate), reason });
      files = await sign(wish, signer, files, now);
    }
    // Also when only the Secret's labels and annotations are others than they were.
    if (!isFit(secret)) await writeSecret(certificate, files, marks, secret, deps.kube, signal);
    await report(certificate, deps, signal, { files, wish, issued: reason !== undefined });
    const parsed = readCertificate(files.certificate);
    return parsed === undefined ? undefined : Math.max(1000, renewalTime(parsed, wish) - now);
  } catch (error) {
    if (!isEpinioError(error) || error.code.startsWith('KUBE_')) throw error;
    // A change of the certificate, its issuer or its Secret brings us here again.
    await report(certificate, deps, signal, { error });
    return undefined;
  }
}

async function sign(wish: Wish, signer: Signer | undefined, old: TlsFiles, now: number): Promise<TlsFiles> {
  const keys = (wish.keepsKey ? keptKeys(old, wish) : undefined) ?? (await generateKeys(wish));
  const { certificate } = await issue(wish, keys, signer, now);
  return {
    certificate: `${certificate}${signer?.chain ?? ''}`,
    key: keyPem(keys.privateKey),
    ca: signer?.root ?? certificate,
  };
}

function keptKeys({ key }: TlsFiles, wish: Wish): KeyPair | undefined {
  if (key === '') return undefined;
  try {
    const keys = readKeys(key);
    return keyFits(keys, wish) ? keys : undefined;
  } catch {
    return undefined; // what is there is no key: a new one takes its place
  }
}

function assertOurs({ metadata, spec }: Certificate, secret: Secret | undefined): void {
  if (secret === undefined) return;
  const owner = secret.metadata.annotations?.[NAME];
  const isEmpty = Object.values(secret.data ?? {}).every((value) => value === '');
  const where = `Secret "${metadata.namespace ?? ''}/${spec.secretName}"`;
  if (owner !== undefined && owner !== metadata.name) {
    throw new EpinioError('CERTIFICATE_SECRET_TAKEN', `${where} belongs to Certificate "${owner}"`);
  }
  if (owner === undefined && !isEmpty) {
    throw new EpinioError(
      'CERTIFICATE_SECRET_TAKEN',
      `${where} holds data that no Certificate made; it is left as it is`,
    );
  }
  if (secret.type !== 'kubernetes.io/tls') {
    throw new EpinioError(
      'CERTIFICATE_SECRET_TAKEN',
      `${where} is of type ${secret.type ?? ''}, not kubernetes.io/tls`,
    );
  }
}

function readSecret(
  { metadata, spec }: Certificate,
  kube: Kube,
  signal: AbortSignal,
): Promise<Secret | undefined> {
  return kube.get<Secret>({ ...SECRETS, namespace: metadata.namespace ?? '', name: spec.secretName }, signal);
}

async function writeSecret(
  certificate: Certificate,
  files: TlsFiles,
  marks: Marks,
  old: Secret | undefined,
  kube: Kube,
  signal: AbortSignal,
): Promise<void> {
  const { metadata, spec } = certificate;
  const secret: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: spec.secretName,
      namespace: metadata.namespace ?? '',
      // Holds only for the Secret that was looked at.
      ...(old?.metadata.uid === undefined ? {} : { uid: old.metadata.uid }),
      labels: { ...spec.secretTemplate?.labels, 'controller.cert-manager.io/fao': 'true' },
      annotations: {
        ...spec.secretTemplate?.annotations,
        ...marks,
        [NAME]: metadata.name,
        'cert-manager.io/issuer-name': spec.issuerRef.name,
        'cert-manager.io/issuer-kind': spec.issuerRef.kind ?? 'Issuer',
        'cert-manager.io/issuer-group': 'cert-manager.io',
        'cert-manager.io/common-name': spec.commonName ?? '',
        'cert-manager.io/alt-names': (spec.dnsNames ?? []).join(','),
        'cert-manager.io/ip-sans': (spec.ipAddresses ?? []).join(','),
      },
      ownerReferences: [
        {
          apiVersion: certificate.apiVersion,
          kind: 'Certificate',
          name: metadata.name,
          uid: metadata.uid ?? '',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    type: 'kubernetes.io/tls',
    data: secretData(files),
  };
  await kube.apply(secret, { fieldManager: `epinio/${ID}`, signal });
}

type Outcome =
  | { readonly error: EpinioError }
  | { readonly files: TlsFiles; readonly wish: Wish; readonly issued: boolean };

async function report(
  certificate: Certificate,
  { kube, clock, log }: CertificateDeps,
  signal: AbortSignal,
  outcome: Outcome,
): Promise<void> {
  const { metadata, status = {} } = certificate;
  const now = clock.now();
  const conditions = conditionsOf(certificate, outcome, now);
  const times = 'error' in outcome ? {} : timesOf(outcome.files, outcome.wish);
  const isSame =
    conditions === undefined &&
    Object.entries(times).every(([key, value]) => status[key as keyof typeof times] === value);
  const issued = 'issued' in outcome && outcome.issued;
  if (isSame && !issued) return;
  if ('error' in outcome)
    log.warn('A certificate cannot be issued', {
      certificate: keyOf(certificate),
      error: outcome.error.message,
    });
  const patch = {
    status: {
      ...(conditions === undefined ? {} : { conditions }),
      ...times,
      ...(issued ? { revision: (status.revision ?? 0) + 1 } : {}),
    },
  };
  const ref = { ...CERTIFICATES, namespace: metadata.namespace ?? '', name: metadata.name };
  await kube.patch(ref, { type: 'merge', patch }, { subresource: 'status', signal });
}

/** Undefined when they are what they should be. As with cert-manager, `Issuing` is there while it is not done. */
function conditionsOf(
  certificate: Certificate,
  outcome: Outcome,
  now: number,
): readonly Condition[] | undefined {
  const present = certificate.status?.conditions ?? [];
  const ready = readiness(outcome);
  const withReady = withCondition(certificate, present, ready, now) ?? present;
  const isWaiting = 'error' in outcome && ready.reason !== 'InvalidSpec';
  const message = `Issuing certificate: ${ready.message}`;
  const next = isWaiting
    ? (withCondition(certificate, withReady, { ...ready, type: 'Issuing', status: 'True', message }, now) ??
      withReady)
    : withReady.filter(({ type }) => type !== 'Issuing');
  return next.length === present.length && next.every((one, i) => one === present[i]) ? undefined : next;
}

function readiness(
  outcome: Outcome,
): Pick<Condition, 'type' | 'status'> & { reason: string; message: string } {
  return 'error' in outcome
    ? {
        type: 'Ready',
        status: 'False',
        reason: outcome.error.code === 'CERTIFICATE_INVALID' ? 'InvalidSpec' : 'Pending',
        message: outcome.error.message,
      }
    : {
        type: 'Ready',
        status: 'True',
        reason: 'Ready',
        message: 'Certificate is up to date and has not expired',
      };
}

function timesOf(
  files: TlsFiles,
  wish: Wish,
): Partial<Record<'notBefore' | 'notAfter' | 'renewalTime', string>> {
  const parsed = readCertificate(files.certificate);
  if (parsed === undefined) return {};
  const format = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return {
    notBefore: format(Date.parse(parsed.validFrom)),
    notAfter: format(Date.parse(parsed.validTo)),
    renewalTime: format(renewalTime(parsed, wish)),
  };
}

function keyOf({ metadata }: Certificate): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
