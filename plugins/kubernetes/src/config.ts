import { z } from 'zod';

/** The `with:` part of `cluster: { use: kubernetes }`. */
export const config = z.strictObject({
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Path of a kubeconfig file; default: the files of KUBECONFIG, else ~/.kube/config, else the pod that this runs in',
    ),
  context: z
    .string()
    .min(1)
    .optional()
    .describe("Name of a context in the kubeconfig; default: the kubeconfig's current one"),
});

export type Config = z.output<typeof config>;
