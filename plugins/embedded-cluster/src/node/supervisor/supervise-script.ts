/**
 * The supervisor of one container: a POSIX shell script, because a waiting `sh` costs under 1 MB where a
 * Node.js process costs 40. It is a session of its own, so that it outlives the platform, and it leaves in its
 * run folder what the platform needs to find the container again:
 *
 * - `pid`: its process id and its line of /proc/<pid>/stat (the start time in it tells a reused pid);
 * - `sandbox`: what bubblewrap says of the sandbox (open as file descriptor 3 for the command);
 * - `exit`: the exit code of the command, renamed into place when the command has ended.
 *
 * Where the run folder has a named pipe `stdin`, that is the input of the command. A waiting subshell keeps it open
 * between those who write to it, until somebody opens `stdin-open`: then, when the last of them is gone, it ends.
 * Where there is a file `terminal` (the name of the process's side), the supervisor begins with the side of who
 * types as its stdin and the process's as its stdout: two `cat` carry what is typed there and what is shown to the log, since a terminal cannot be opened
 * again from the side of who types. A sandbox takes the terminal itself; for other commands the supervisor does.
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
cat=$(command -pv cat)
deaf='HUP INT QUIT TERM USR1 USR2 ALRM'
input=
if [ -e "$run/terminal" ]; then
  exec 6<&0 7<&1 </dev/null >&5
  (trap '' $deaf; exec "$cat" <&6) 5>&- 7>&- &
  output=$!
  if [ -p "$run/stdin" ]; then
    (trap '' $deaf; exec "$cat" <>"$run/stdin" >&6) 5>&- 7>&- &
    input=$!
  fi
  exec 6>&-
  if [ ! -e "$run/arguments" ]; then
    read -r terminal <"$run/terminal"
    exec 7<>"$terminal"
  fi
elif [ -p "$run/stdin" ]; then
  exec 6<>"$run/stdin"
  (trap '' $deaf; read -r _ <"$run/stdin-open") 5>&- 7>"$run/stdin" 6>&- &
  input=$!
  exec <"$run/stdin" 6>&-
fi
if [ -e "$run/arguments" ]; then exec 3>"$run/sandbox" 4<"$run/arguments"; fi
if [ -e "$run/terminal" ]; then
  "$@" <&7 >&7 2>&7 5>&- 7>&-
else
  "$@" 2>&5 5>&-
fi
code=$?
if [ -n "$input" ]; then kill -KILL "$input"; fi
if [ -e "$run/terminal" ]; then
  exec 7>&-
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "$output" || break
    command -p sleep 0.05
  done
  kill -KILL "$output"
fi
printf '%s\\n' "$code" >"$run/exit.tmp" && command -p mv "$run/exit.tmp" "$run/exit"
exit "$code"
`;
