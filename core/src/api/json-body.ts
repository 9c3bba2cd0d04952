import type { z } from 'zod';
import { EpinioError, messageOf } from '../kernel/errors.ts';
import type { ApiContext } from './context.ts';

/** Environments and settings are small; anything larger is a mistake or an attack. */
const MAX_BYTES = 4 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** A body that is not the JSON it should be, in the words for the client. */
export class BodyProblem extends Error {}

/**
 * Reads a JSON body whatever its content type says: published clients send none. Fails with `BodyProblem`, and with 413
 * when it is too large.
 */
export async function readJson<S extends z.ZodType>(c: ApiContext, schema: S): Promise<z.output<S>> {
  const text = await readText(c);
  let value: unknown;
  try {
    value = JSON.parse(text === '' ? raise('EOF') : text) as unknown;
  } catch (error) {
    throw new BodyProblem(messageOf(error), { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? 'the body' : `"${issue.path.join('.')}"`;
  throw new BodyProblem(`json: ${where}: ${issue?.message ?? 'invalid'}`, { cause: parsed.error });
}

function raise(message: string): never {
  throw new BodyProblem(message);
}

/** The body as text, within its bounds. Fails with 413. */
export async function readText(c: ApiContext): Promise<string> {
  const { body } = c.req.raw;
  if (body === null) return '';
  const declared = Number(c.req.header('content-length') ?? 0);
  if (declared > MAX_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel(new Error('too slow')), TIMEOUT_MS);
  try {
    for (;;) {
      const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
      if (done || value === undefined) break;
      size += value.length;
      if (size > MAX_BYTES) {
        void reader.cancel();
        throw tooLarge();
      }
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): EpinioError {
  return new EpinioError('REQUEST_TOO_LARGE', `the body is larger than ${MAX_BYTES / 1024 ** 2} MiB`, {
    status: 413,
  });
}
