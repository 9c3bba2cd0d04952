/**
 * The supervisor of one container: a POSIX shell script, because a waiting `sh` costs under 1 MB where a
 * Node.js process costs 40. It is a session of its own, so that it outlives the platform, and it leaves in its
 * run folder what the platform needs to find the container again:
 *
 * - `pid`: its process id and its line of /proc/<pid>/stat (the start time in it tells a reused pid);
 * - `sandbox`: what bubblewrap says of the sandbox (open as file descriptor 3 for the command);
 * - `exit`: the exit code of the command, renamed into place when the command has ended.
 *
 * Arguments: run folder, two `cgroup.procs` to join or "", command. Where there is a file `arguments`, the command
 * has it as file descriptor 4. It runs in the foreground, since a background command would start with SIGINT and
 * SIGQUIT ignored; signals to the group are trapped here (a trapped signal is back to its default in the
 * command), so that the supervisor lives to see the end. Messages of the shell itself ("Killed") are no
 * output of the container and are dropped.
 */
export const SUPERVISE_SCRIPT = `run=$1
groups="$2
$3"
shift 3
trap : HUP INT QUIT TERM USR1 USR2 ALRM
stat=
if [ -r "/proc/$$/stat" ]; then read -r stat <"/proc/$$/stat"; fi
while read -r group; do
  if [ -n "$group" ]; then echo "$$" >"$group" || exit 125; fi
done <<END
$groups
END
printf '%s\\n%s\\n' "$$" "$stat" >"$run/pid" || exit 125
exec 5>&2 2>/dev/null
if [ -e "$run/arguments" ]; then exec 3>"$run/sandbox" 4<"$run/arguments"; fi
"$@" 2>&5 5>&-
code=$?
printf '%s\\n' "$code" >"$run/exit.tmp" && command -p mv "$run/exit.tmp" "$run/exit"
exit "$code"
`;
