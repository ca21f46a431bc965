import { FIXED_LAYOUT, PREFIX, SCRIPTS, WINE } from "./names.js";

/** Where a host has its login shell. */
export const LOGIN_SHELL = "/etc/tyrian/windows-shell";

/** Characters that cmd takes in a line. */
const LONGEST_LINE = 8191;

/** Looks for what is still to be ended. One with no environment at all, which is not told from one that is starting, uses them up. */
const MOST_LOOKS = 500;

/**
 * The login shell of a Windows host that Wine plays. sshd gives it the command line that was asked for, and Wine's cmd runs that:
 *
 * - From a temporary batch file, because from the arguments of a program of Unix Wine makes other quotes than those written.
 * - A percent sign means what it means on the command line of cmd, and not in a batch file: `%NAME%` is a variable where one of that
 *   name is defined when the line begins, every other percent sign is itself (so that `for %i` works).
 * - A line is UTF-8, as from any client; Wine reads batch files in code page 437, and writes in 1252. What 437 lacks is refused.
 * - The exit status is the eight lower bits of Windows' exit code: Unix has no more.
 * - What the command started ends with it, or with the connection. Wine forks its processes away from their parents, and a
 *   program with a console of its own (`start`) from the session too; a mark in the environment stays, among Wine's own
 *   variables there. The kernel tells the shell when its connection ends.
 */
export const LOGIN_SHELL_TEXT = `#!/bin/bash --norc
if [[ $1 != -c ]]; then
  export LC_ALL=C.UTF-8 WINEDEBUG=-all WINELOADER=${WINE} WINEPREFIX=/${PREFIX}
  cd "$WINEPREFIX/drive_c/users/$USER"
  exec ${FIXED_LAYOUT} ${WINE} 'C:\\windows\\system32\\cmd.exe'
fi
if [[ -z $TYRIAN_SHELL ]]; then
  TYRIAN_SHELL=1 exec ${FIXED_LAYOUT} setpriv --pdeathsig TERM "$0" "$@"
fi
unset TYRIAN_SHELL
LC_ALL=C
line=$2
if [[ $line == *$'\\n'* || $line == *$'\\r'* ]]; then
  echo 'A command line of Windows is one line.' >&2
  exit 1
fi
if (( \${#line} > ${String(LONGEST_LINE)} )); then
  echo 'The command line is too long.' >&2
  exit 1
fi

if [[ $line == *[^[:ascii:]]* ]] && ! line=$(iconv -f UTF-8 -t CP437 <<< "$line" 2> /dev/null); then
  echo 'Wine reads a command line in code page 437, which lacks a character of this one.' >&2
  exit 1
fi

declare -A defined
mapfile -t names < /etc/tyrian/windows-variables
for name in "\${names[@]}" cd date time random errorlevel cmdcmdline cmdextversion; do defined[$name]=1; done
while read -r name; do
  case $name in HOME | PWD | OLDPWD | LC_ALL | WINE*) ;; *) defined[\${name,,}]=1 ;; esac
done < <(compgen -e)
batch=
rest=$line
while [[ $rest == *%* ]]; do
  batch+=\${rest%%\\%*}
  rest=\${rest#*%}
  name=\${rest%%[%:]*}
  if [[ $rest == *%* && -n $name && -n \${defined[\${name,,}]} ]]; then
    batch+=%\${rest%%\\%*}%
    rest=\${rest#*%}
  else
    batch+=%%
  fi
done
batch+=$rest

export LC_ALL=C.UTF-8 WINEDEBUG=-all WINELOADER=${WINE} WINEPREFIX=/${PREFIX}
file=$$-$EPOCHREALTIME
export WINETYRIAN=$file
printf '@echo off\\r\\n%s\\r\\n' "$batch" > "$WINEPREFIX/drive_c/${SCRIPTS}/$file.bat"
cd "$WINEPREFIX/drive_c/users/$USER"

stop() {
  trap '' TERM HUP
  # Nobody may read any more, and what bash says of a job that was killed would then end it.
  exec > /dev/null 2>&1
  local found=1 looks=0 process fields marks words
  while [[ -n $found ]] && (( looks++ < ${String(MOST_LOOKS)} )); do
    found=
    for process in /proc/[0-9]*; do
      [[ $process != "/proc/$$" ]] || continue
      marks=()
      { mapfile -d '' marks < "$process/environ" && read -r fields < "$process/stat"; } 2> /dev/null || continue
      # After the name, in parentheses: state, parent, group, session. One that has ended is nothing to wait for.
      read -r -a words <<< "\${fields##*) }"
      [[ \${words[0]} != [ZX] ]] || continue
      if (( \${#marks[@]} == 0 )) && [[ \${words[3]} != "$$" ]]; then
        # It is executing a program at this moment, and has no environment until that is done.
        found=1
        continue
      fi
      [[ \${words[3]} == "$$" || " \${marks[*]} " == *" WINETYRIAN=$file "* ]] || continue
      found=1
      kill -KILL "\${process#/proc/}" 2> /dev/null
    done
  done
  rm -f "$WINEPREFIX/drive_c/${SCRIPTS}/$file.bat"
}
trap 'stop; exit 143' TERM HUP
exec 3<&0
${WINE} 'C:\\windows\\system32\\cmd.exe' /c "C:\\\\${SCRIPTS}\\\\$file.bat" <&3 3<&- &
exec 3<&- < /dev/null
# The connection had ended before the kernel was asked to tell.
(( PPID == 1 )) && { stop; exit 143; }
wait $!
code=$?
stop
exit $code
`;
