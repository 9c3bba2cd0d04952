# Reads "type: command" lines and writes launch.toml. Commands without shell syntax are started without a shell,
# so that the platform's signals reach them.

function toml(text,   escaped, i, character) {
  for (i = 1; i <= length(text); i++) {
    character = substr(text, i, 1)
    if (character == "\t") character = "\\t"
    else if (character == "\"" || character == "\\") character = "\\" character
    escaped = escaped character
  }
  return "\"" escaped "\""
}

function fail(reason) {
  print "ERROR: " reason
  failed = 1
  exit 1
}

{ sub(/\r$/, "") }
/^[ \t]*(#.*)?$/ { next }
{
  if (match($0, /^[ \t]*[A-Za-z0-9._-]+[ \t]*:/) == 0) fail("line " NR " of Procfile is not \"type: command\"")
  type = substr($0, RSTART, RLENGTH - 1)
  command = substr($0, RSTART + RLENGTH)
  gsub(/^[ \t]+|[ \t]+$/, "", type)
  gsub(/^[ \t]+|[ \t]+$/, "", command)
  if (command == "") fail("process \"" type "\" of Procfile has no command")
  if (type in seen) fail("process \"" type "\" is twice in Procfile")
  seen[type] = 1

  if (command ~ /^[A-Za-z0-9_@%+:,.\/ \t-]+$/) {
    count = split(command, words, /[ \t]+/)
    list = toml(words[1])
    for (i = 2; i <= count; i++) list = list ", " toml(words[i])
  } else if (command ~ /^[A-Za-z0-9_@%+=:,.\/ \t${}"-]+$/ && command !~ /^[A-Za-z_][A-Za-z0-9_]*=/) {
    list = toml("sh") ", " toml("-c") ", " toml("exec " command)
  } else {
    list = toml("sh") ", " toml("-c") ", " toml(command)
  }
  print type ": " command
  print "[[processes]]\ntype = " toml(type) "\ncommand = [" list "]" (type == "web" ? "\ndefault = true" : "") "\n" >launch
}
END { if (!failed && NR > 0 && !("web" in seen)) print "Procfile has no \"web\" process" }
