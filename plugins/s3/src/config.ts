import { z } from 'zod';

/** The `with:` part of `storage: { use: s3 }`. */
export const config = z
  .strictObject({
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe(
        'Address of the S3 service, "https://s3.example.com:9000"; default: that of AWS for the region',
      ),
    region: z.string().min(1).default('us-east-1').describe('Region that requests are signed for'),
    bucket: z.string().min(3).max(63).describe('Bucket that blobs are kept in'),
    prefix: z
      .string()
      .regex(/^([A-Za-z0-9._-]+\/)*$/, 'Names of folders, each followed by "/"')
      .default('')
      .describe('Beginning of all keys in the bucket, such as "epinio/", so that it can be shared'),
    createBucket: z
      .boolean()
      .default(false)
      .describe('Make the bucket when it is not there; otherwise its absence is an error'),
    pathStyle: z
      .boolean()
      .optional()
      .describe(
        'Bucket in the path of URLs, not in the host name; default: true with an endpoint, false on AWS',
      ),
    ca: z.string().optional().describe('PEM of the authority that signed the certificate of the endpoint'),
    credentialsSecret: z
      .string()
      .min(1)
      .optional()
      .describe(
        "Secret in the platform's namespace with the keys accesskey and secretkey (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
      ),
    accessKeyId: z.string().min(1).optional().describe('Access key, in place of a Secret'),
    secretAccessKey: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Secret key that goes with it; take it from the environment', writeOnly: true }),
  })
  .refine(
    ({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined),
    {
      message: 'accessKeyId and secretAccessKey go together',
      path: ['secretAccessKey'],
    },
  )
  .refine(
    ({ accessKeyId, credentialsSecret }) => accessKeyId === undefined || credentialsSecret === undefined,
    {
      message: 'Give either credentialsSecret or accessKeyId, not both',
      path: ['credentialsSecret'],
    },
  );

export type Config = z.output<typeof config>;
