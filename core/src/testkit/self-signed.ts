import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate for tests, with its key; both PEM. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/**
 * A self-signed certificate for host names and IPv4 addresses, valid for a day (X.509, RFC 5280). Written out
 * here so that the kits, which are installed with core, need no certificate library.
 */
export function selfSigned(...names: readonly string[]): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const name = sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from('Test')))));
  const now = Date.now();
  const san = sequence(
    ...names.map((one) => (isIPv4(one) ? tagged(0x87, ipv4(one)) : tagged(0x82, Buffer.from(one)))),
  );
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))), // version 3
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    name,
    sequence(time(now - 3_600_000), time(now + 86_400_000)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(sequence(oid('551d11'), tagged(0x04, san)))),
  );
  const signature = sign('sha256', body, privateKey);
  const whole = sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const base64 = (whole.toString('base64').match(/.{1,64}/g) ?? []).join('\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** DER: tag, length, value (X.690). */
function tagged(tag: number, ...values: readonly Buffer[]): Buffer {
  const value = Buffer.concat(values);
  const length =
    value.length < 0x80
      ? [value.length]
      : value.length < 0x100
        ? [0x81, value.length]
        : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}

const sequence = (...values: readonly Buffer[]): Buffer => tagged(0x30, ...values);
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'));
const integer = (value: Buffer): Buffer => tagged(0x02, value);

/** UTCTime, as dates before 2050 are written. */
function time(ms: number): Buffer {
  return tagged(
    0x17,
    Buffer.from(
      new Date(ms)
        .toISOString()
        .slice(2)
        .replace(/[-:T]|\.\d+/g, ''),
    ),
  );
}

const isIPv4 = (name: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(name);
const ipv4 = (name: string): Buffer => Buffer.from(name.split('.').map(Number));
