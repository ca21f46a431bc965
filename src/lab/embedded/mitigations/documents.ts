import { GATES } from "./names.js";

/**
 * Starts a program that may execute nothing but itself: `confined PROGRAM ARGUMENT...`, by Landlock. Without arguments it says by its
 * exit code whether the kernel has Landlock. The numbers are those of landlock_create_ruleset(2), landlock_add_rule(2) and
 * landlock_restrict_self(2), which are the same on every architecture; Python has no names for them.
 */
export const CONFINED = `#!/usr/bin/python3
import ctypes, os, sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG, PATH_BENEATH, EXECUTE = 1, 1, 1
NO_NEW_PRIVILEGES = 38

libc = ctypes.CDLL(None, use_errno=True)


class PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def checked(result):
    if result < 0:
        error = ctypes.get_errno()
        sys.exit("confined: " + os.strerror(error))
    return result


checked(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG))
program = sys.argv[1:]
if not program:
    sys.exit(0)
handled = ctypes.c_uint64(EXECUTE)
rules = checked(libc.syscall(CREATE_RULESET, ctypes.byref(handled), ctypes.c_size_t(8), 0))
with open(program[0], "rb") as file:
    head = file.read(4096)
# Executing a program is executing its loader too, which its ELF header names.
loader = head[head.index(b"/lib"):].split(b"\\0")[0]
for path in (program[0], loader):
    rule = PathBeneath(EXECUTE, os.open(path, os.O_PATH | os.O_CLOEXEC))
    checked(libc.syscall(ADD_RULE, rules, PATH_BENEATH, ctypes.byref(rule), 0))
checked(libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
checked(libc.syscall(RESTRICT_SELF, rules, 0))
os.execv(program[0], program)
`;

/** Takes the starter away where it cannot work: procedures that need it are then skipped, with and without mitigations. */
export const DOCUMENTS_START = `${GATES}/confined || rm ${GATES}/confined`;

/** The typesetter of man pages; it lets documents start commands when it is told to (`-U`). */
const typeset = '/usr/bin/troff -U "$1"';

/** The gate through which documents are typeset, on a host that confines what does it, and on one that does not. */
export const TYPESETTER = {
  closed: [`exec ${GATES}/confined ${typeset}`],
  open: [`exec ${typeset}`],
} as const;
