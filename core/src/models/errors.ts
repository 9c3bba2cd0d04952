import { z } from 'zod';

/** One entry of the published error envelope. */
export const apiError = z
  .object({
    status: z.number().int(),
    title: z.string(),
    details: z.string().optional().describe('Left out when empty'),
  })
  .meta({ id: 'APIError' });
export type ApiErrorEntry = z.infer<typeof apiError>;

/** The published body of every answer with a status of 400 or more. */
export const errorResponse = z.object({ errors: z.array(apiError).min(1) }).meta({
  id: 'ErrorResponse',
  example: { errors: [{ status: 404, title: "application 'sample' does not exist" }] },
});
export type ErrorResponse = z.infer<typeof errorResponse>;

/** RFC 9457, for clients that ask for `application/problem+json`. */
export const problemDetails = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    instance: z.string().optional().describe('The request id'),
    code: z.string().describe('Stable, of the form AREA_FACT'),
    fix: z.string().optional().describe('What to do about it'),
    errors: z.array(apiError),
  })
  .meta({ id: 'ProblemDetails' });
export type ProblemDetails = z.infer<typeof problemDetails>;
