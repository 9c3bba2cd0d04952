import { token } from '../kernel/token.ts';

/**
 * TCP ports of an embedded platform: chosen once, remembered in its folder, so that URLs and image
 * references stay true over restarts, and several platforms live side by side.
 */
export interface ListenPorts {
  /**
   * The port called `name`. The first claim takes `preferred` when it is free, otherwise any free one;
   * later claims, from any process, answer the remembered port. With `exact`, a claim changes what is
   * remembered to `preferred`, and fails with `PORT_IN_USE` when a stranger listens there.
   */
  claim(name: string, preferred: number, options?: { readonly exact?: boolean }): Promise<number>;
}

export const listenPorts = token<ListenPorts>('port:listen-ports');
