"""One session of pywinrm: reads a description as JSON on standard input, and prints what came of it as JSON."""

import json
import sys

import winrm

asked = json.load(sys.stdin)
found = {"commands": [], "error": None}
try:
    protocol = winrm.Protocol(read_timeout_sec=30, **asked["protocol"])
    shell = protocol.open_shell(**asked["shell"])
    try:
        for line, arguments in asked["commands"]:
            command = protocol.run_command(shell, line, arguments)
            stdout, stderr, code = protocol.get_command_output(shell, command)
            protocol.cleanup_command(shell, command)
            found["commands"].append(
                {"stdout": stdout.decode(), "stderr": stderr.decode(), "exitCode": code}
            )
    finally:
        protocol.close_shell(shell)
except Exception as error:
    found["error"] = f"{type(error).__name__}: {error}"
print(json.dumps(found))
