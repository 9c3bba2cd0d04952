import type { ServiceImage } from './service-image.ts';

/** As the image's `docker-entrypoint.sh`: options, or a file of them, may stand without the program's name. */
const ENTRYPOINT = `set -eu
case \${1:-} in
  "$SERVER") shift ;;
  '' | -* | *.conf) ;;
  *) exec "$@" ;;
esac
# What comes last holds: PORT is where the node sends connections to.
exec "$SERVER" "$@" --port "$PORT" --bind 127.0.0.1 --daemonize no
`;

const common = {
  entrypoint: ENTRYPOINT,
  workingDir: '/data',
  folders: ['data'],
  portVariables: [],
};

export const redis: ServiceImage = {
  ...common,
  repositories: ['redis'],
  program: 'redis-server',
  package: 'redis-server',
  command: ['redis-server'],
  env: { SERVER: 'redis-server' },
};

export const valkey: ServiceImage = {
  ...common,
  repositories: ['valkey/valkey'],
  program: 'valkey-server',
  package: 'valkey-server',
  command: ['valkey-server'],
  env: { SERVER: 'valkey-server' },
};
