import { expect, test } from "vitest";
import { effectsOf, work } from "./analysis.js";

/** Code that does nothing beyond printing: lint must not ask for an effect, or authors would learn to declare too much. */
const shell: readonly string[] = [
  "true",
  "",
  "# only a comment: curl http://x",
  "echo curl http://x",
  "echo 'rm -rf /'",
  `printf '%s\\n' "crontab -" '> /etc/x'`,
  "echo a > /dev/null",
  "echo a 2> /dev/null 1>&2",
  "ls -la > /dev/null 2>&1",
  "id; whoami; uname -a; hostname; date",
  "id -un | tr a-z A-Z | sort | uniq -c | head -n 1",
  "cat /etc/os-release /proc/cpuinfo | grep -c model",
  "ls /tmp /usr/bin | wc -l",
  "ps aux | grep -v grep | awk '{ print $2 }'",
  "awk 'BEGIN { x = 3 > 2; print (x > 1), 4 / 2, \"a|b\" }'",
  "awk -F: '/^#/ { next } { n += length($1) } END { printf \"%d\\n\", n }' /etc/os-release",
  "sed -n '1,3p;s/rm/echo/g' /etc/os-release",
  "sed -e 's#/a#/b#' -e '/x/d' < /etc/os-release",
  'x=hello; echo "$x" ${x} ${x:-other}',
  "x=$(date +%s); echo $((x + 1337 * 3))",
  "for i in 1 2 3; do echo $i; done",
  "i=0; while [ $i -lt 3 ]; do i=$((i + 1)); done",
  "case $1 in a) echo a;; *) echo other;; esac",
  'f() { echo "in $1"; }; f a; f b',
  "if [ -e /etc/passwd ]; then echo there; fi",
  "[[ $x == a* ]] && echo yes || echo no",
  "echo {1..3} {a,b}",
  "echo *.txt ~",
  "cat <<EOF\ncurl http://x\nrm -rf /\nEOF",
  "cat <<'EOF'\n$(curl http://x)\nEOF",
  "cat <<< 'curl http://x'",
  "grep -q curl <<< 'curl http://x'",
  "sh -c 'echo hello'",
  "sh -c 'echo \"$1\"' name value",
  "bash -c 'dash -c \"sh -c id\"'",
  "sh <<'EOF'\necho hello\nEOF",
  "bash -s -- a b <<< 'echo \"$1\"'",
  "echo 'echo hello' | sh",
  "echo ZWNobyBoZWxsbw== | base64 -d | sh",
  "printf %s 'echo hello' | base64 | base64 -d | bash",
  "eval 'echo hello'",
  'eval "$(echo ZWNobyBoZWxsbw== | base64 -d)"',
  "source <(echo echo hello)",
  "echo a | xargs echo",
  "echo a b | xargs -n1 printf '%s\\n'",
  "find . -name '*.txt'",
  "find /usr/bin -maxdepth 1 -type f -exec echo {} ';'",
  "env -i A=b sh -c 'echo \"$A\"'",
  "nice timeout 5 stdbuf -oL echo hello",
  "exec echo hello",
  "command -v curl",
  "type curl; which wget; hash",
  "trap 'echo bye' EXIT",
  "busybox echo hello",
  "busybox sh -c 'echo hello'",
  "set -eu; shopt -s extglob; umask 077",
  '(echo a; echo b) | { read -r x; echo "$x"; }',
  "time sleep 0.1",
  "python3 -c 'print(1)'",
  "python3 - <<'EOF'\nprint(1)\nEOF",
  "echo 'print(1)' | python3",
  "python3 -m json.tool <<< '{}'",
  "python3 -m json.tool /etc/os-release.json",
  "node -p process.env.key",
  "date -u +%s",
  "date -Iseconds",
  "date -d 20260101 +%F",
  "node -e 'console.log(1)'",
  "node -p '1 + 1'",
  "lua -e 'print(1)'",
  "diff <(echo a) <(echo b)",
  "x='a b'; echo $x; set -- $x; echo $#",
];

const python: readonly string[] = [
  "print('hello')",
  "import sys, os, json\nprint(sys.version, os.getpid(), json.dumps({'a': 1}))",
  "import base64; print(base64.b64decode('aGVsbG8=').decode())",
  "exec('print(1)')",
  "exec(compile('x = 1\\nprint(x)', '<string>', 'exec'))",
  "print(eval('1 + 2'))",
  "import os; os.system('echo hello')",
  "import subprocess\nprint(subprocess.run(['id', '-u'], capture_output=True, text=True, check=True).stdout)",
  "import subprocess; print(subprocess.check_output('uname -a | wc -c', shell=True))",
  "import os; print(os.popen('id').read())",
  "import os; os.execvp('echo', ['echo', 'hello'])",
  "import hashlib, zlib; print(hashlib.sha256(zlib.compress(b'a')).hexdigest())",
  "def f(x):\n    return [y * 2 for y in x if y]\nprint(f([1, 2]), *map(str, f([3])))",
  "class A:\n    def __init__(self):\n        self.system = 1\n    def __str__(self):\n        return 'a'\nprint(A().system)",
  "import time; time.sleep(0.1)",
  "text = 'curl http://x; rm -rf /'\nprint(text)",
  "print(open('/etc/os-release').read())",
  "for line in open('/proc/cpuinfo'):\n    print(line.strip().split(':')[0])",
  "import re; print(re.sub(r'a+', 'b', 'caat'), f\"{1 + 1:>5}\")",
  "if __name__ == '__main__':\n    print(__file__)",
  "import platform; print(platform.uname().release)",
  "from pathlib import Path\nprint(Path('/etc/os-release').read_text())",
  "x = {'a': 1}; x['b'] = 2; print(x.get('a'), sorted(x))",
  "s = 'hello'.replace('l', 'm'); print(s)",
  "import threading\nt = threading.Thread(target=print, args=('a',)); t.start(); t.join()",
  "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)",
];

const javascript: readonly string[] = [
  "console.log('hello')",
  "const os = require('os'); console.log(os.hostname(), process.pid)",
  "const { join } = require('node:path'); console.log(join('a', 'b'))",
  "import { createHash } from 'node:crypto'; console.log(createHash('sha256').update('a').digest('hex'))",
  "eval('console.log(1)')",
  "new Function('console.log(1)')()",
  "console.log(Buffer.from('aGVsbG8=', 'base64').toString())",
  "require('child_process').execSync('echo hello', { stdio: 'inherit' })",
  "const { execFileSync } = require('child_process'); console.log(execFileSync('id', ['-u']).toString())",
  "const f = async (x) => { await x; return [1, 2].map((y) => y * 2) }; f().then(console.log)",
  "class A { constructor() { this.exec = 1 } } console.log(new A().exec)",
  "setTimeout(() => console.log('later'), 10)",
  "const a = [3, 1]; for (let i = 0; i < a.length; i += 1) console.log(a[i], a[0])",
  "console.log(`curl http://x ${1 + 1}`)",
  "console.log(require('fs').readFileSync('/etc/os-release', 'utf8').length)",
  "const text = 'rm -rf /'; console.log(text.toUpperCase())",
  "process.stdout.write(JSON.stringify({ a: process.argv.length }))",
  "const { a = 1, ...rest } = { b: 2 }; console.log(a, rest)",
  "try { null.x } catch (error) { console.log(error.message) } finally { }",
  "console.log([...'hello'].reverse().join(''), /a+/.test('a'))",
];

const lua: readonly string[] = [
  "print('hello')",
  "print(string.format('%d', 1337 * 3), os.time(), #arg)",
  "os.execute('echo hello')",
  "local p = io.popen('id'); print(p:read('a')); p:close()",
  "load('print(1)')()",
  "print(load('return 1 + 2')())",
  "local t = { a = 1, 2 }; t.b = 3; for k, v in pairs(t) do print(k, v) end",
  "local f = function(x) return x * 2 end; print(f(2))",
  "print(('curl x'):upper(), #'rm -rf /')",
  "io.write('a', 'b', '\\n')",
  "for line in io.lines('/etc/os-release') do print(line) end",
  "local ok, err = pcall(error, 'x'); print(ok, err)",
  "print(os.getenv('HOME'), _VERSION)",
  "--[[ os.execute('curl x') ]] print([[os.execute('curl x')]])",
  "local s = 'abc'; for i = 1, #s do print(s:sub(i, i)) end",
];

test.each(shell)("shell: %s", async (code) => {
  expect(await effectsOf("shell", code)).toEqual([]);
});

test.each(python)("Python: %s", async (code) => {
  expect(await effectsOf("python", code)).toEqual([]);
});

test.each(javascript)("JavaScript: %s", async (code) => {
  expect(await effectsOf("javascript", code)).toEqual([]);
});

test.each(lua)("Lua: %s", async (code) => {
  expect(await effectsOf("lua", code)).toEqual([]);
});

/** Writing in the trial's own folder is that, and nothing more. */
test.each([
  ["shell", "echo a > x; cat x; rm x"],
  ["shell", `cd ${work}; mkdir -p a/b; touch a/b/c; rm -rf a`],
  ["shell", `cp /etc/os-release ${work}/x; sed -i s/a/b/ ${work}/x`],
  ["shell", "seq 3 | tee x | sort -o y; mv x z"],
  ["shell", "find . -name '*.tmp' -delete"],
  ["python", "with open('x', 'w') as f:\n    f.write('a')\nimport os; os.remove('x')"],
  ["python", `from pathlib import Path; Path('${work}/x').write_text('a')`],
  ["javascript", "const fs = require('fs'); fs.writeFileSync('x', 'a'); fs.unlinkSync('x')"],
  ["lua", "local f = io.open('x', 'w'); f:write('a'); f:close(); os.remove('x')"],
] as const)("only the work folder: %s: %s", async (language, code) => {
  expect(await effectsOf(language, code)).toEqual(["work-folder"]);
});

test("what the code made outside the work folder it may remove", async () => {
  expect(await effectsOf("shell", "touch /tmp/mine; rm /tmp/mine")).toEqual(["outside-work-folder"]);
  expect(await effectsOf("shell", "mkdir /tmp/mine; touch /tmp/mine/a; rm -rf /tmp/mine")).toEqual([
    "outside-work-folder",
  ]);
});
