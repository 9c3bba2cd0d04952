import type { ServerResponse } from 'node:http';

/** Codes of the OCI distribution-spec, "Error Codes", and `DISK_FULL`, which it has no word for. */
export type OciErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED'
  | 'DISK_FULL'
  | 'UNKNOWN';

/** An answer that is not what was asked for. */
export class OciError extends Error {
  readonly status: number;
  readonly code: OciErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: OciErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Sends it as the distribution-spec has it. */
export function sendError(response: ServerResponse, { status, code, message, headers }: OciError): void {
  const body = JSON.stringify({ errors: [{ code, message }] });
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
