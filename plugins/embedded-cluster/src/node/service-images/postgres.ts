import type { ServiceImage } from './service-image.ts';

/**
 * As the image's `docker-entrypoint.sh`. The database is made beside where it will be and then moved, its version
 * file last, so that one whose making was cut off is made anew rather than taken for whole.
 */
const ENTRYPOINT = `set -eu
[ "\${1:-postgres}" = postgres ] || case $1 in -*) ;; *) exec "$@" ;; esac
[ "\${1:-}" != postgres ] || shift
if [ "$(id -u)" = 0 ]; then
  echo 'PostgreSQL does not run as root: pods need a user of their own (setpriv of util-linux), or a platform that is not run by root' >&2
  exit 1
fi
if ! id -un >/dev/null 2>&1; then
  echo 'PostgreSQL needs a user with a name: install bubblewrap, which gives pods one' >&2
  exit 1
fi

# NAME, or the content of the file that NAME_FILE names.
value() {
  eval "text=\\\${$1:-} file=\\\${$1_FILE:-}"
  if [ -n "$file" ]; then cat "$file"; else printf %s "$text"; fi
}

mkdir -p "$PGDATA"
new="$PGDATA/.new"
if [ ! -s "$PGDATA/PG_VERSION" ] && [ ! -e "$new/complete" ]; then
  rm -rf "$new"
  password=$(value POSTGRES_PASSWORD)
  user=$(value POSTGRES_USER)
  user=\${user:-postgres}
  database=$(value POSTGRES_DB)
  database=\${database:-$user}
  method=\${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  if [ -z "$password" ] && [ "$method" != trust ]; then
    cat >&2 <<'END'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.
END
    exit 1
  fi
  work=$(mktemp -d /tmp/postgres.XXXXXX)
  printf '%s\\n' "$password" >"$work/password"
  # All clients are at 127.0.0.1 here: what the image trusts as its own container is everybody.
  # An empty first line would be refused: who trusts everybody needs no password.
  [ -n "$password" ] && pwfile="--pwfile=$work/password" || pwfile=
  eval 'initdb -D "$new" --username="$user" --auth-local=trust --auth-host="$method" --encoding=UTF8 --locale=C.UTF-8 ' \${pwfile:+'"$pwfile"'} "\${POSTGRES_INITDB_ARGS:-}"
  rm "$work/password"
  printf '\\nhost all all all %s\\n' "$method" >>"$new/pg_hba.conf"
  # Nobody but this script reaches the server while the database is being made.
  pg_ctl -D "$new" -o "-c listen_addresses= -p $PORT -k $work" -w start
  sql() { PGHOST=$work PGPORT=$PORT psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password -U "$user" "$@"; }
  if [ "$database" != postgres ]; then
    printf 'CREATE DATABASE :"name";\\n' | sql -d postgres -v name="$database"
  fi
  for script in "$INITDB_FOLDER"/*; do
    case $script in
      *.sh) (export PGHOST="$work" PGPORT="$PORT" POSTGRES_USER="$user" POSTGRES_DB="$database"; sh "$script") ;;
      *.sql) sql -d "$database" -f "$script" ;;
      *.sql.gz) gunzip -c "$script" | sql -d "$database" ;;
    esac
  done
  pg_ctl -D "$new" -m fast -w stop
  rm -rf "$work"
  sync "$new" 2>/dev/null || sync
  : >"$new/complete"
fi
if [ -e "$new/complete" ]; then
  for name in $(ls -A "$new"); do
    case $name in PG_VERSION | complete) ;; *) mv "$new/$name" "$PGDATA/" ;; esac
  done
  [ ! -e "$new/PG_VERSION" ] || mv "$new/PG_VERSION" "$PGDATA/"
  rm -rf "$new"
fi
chmod 700 "$PGDATA"
exec postgres -D "$PGDATA" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= "$@"
`;

export const postgres: ServiceImage = {
  repositories: ['postgres'],
  program: 'postgres',
  programFolders: ['/usr/lib/postgresql/*/bin', '/usr/pgsql-*/bin'],
  package: 'postgresql',
  entrypoint: ENTRYPOINT,
  command: ['postgres'],
  env: {
    PGDATA: '/var/lib/postgresql/data',
    INITDB_FOLDER: '/docker-entrypoint-initdb.d',
    PGHOST: '127.0.0.1',
    LANG: 'C.UTF-8',
  },
  workingDir: '/',
  folders: ['var/lib/postgresql/data', 'docker-entrypoint-initdb.d'],
  stopSignal: 'SIGINT',
  portVariables: ['PGPORT'],
};
