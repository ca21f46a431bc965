import { expect, test } from "vitest";
import { isWide, matchesOf, short } from "./shelf.js";

/**
 * The analytics against more than the playbooks run: other spellings that they must know, and the daily life of Linux
 * hosts that they must leave alone. Command lines are those that the named programs really use.
 */

const images: Readonly<Record<string, string>> = {
  sh: "/usr/bin/dash",
  python3: "/usr/bin/python3.12",
  lua: "/usr/bin/lua5.3",
  node: "/usr/local/bin/node",
};

/** The fields of a start; the image follows from argument zero unless it is given. */
function start(commandLine: string, rest: Readonly<Record<string, string>> = {}): Record<string, string> {
  const program = (commandLine.split(" ")[0] as string).replace(/^-/, "");
  const image = program.startsWith("/") ? program : (images[program] ?? `/usr/bin/${program}`);
  return {
    Image: image,
    CommandLine: commandLine,
    ParentImage: "/usr/sbin/sshd",
    ParentCommandLine: "sshd: op",
    ...rest,
  };
}

const names = (starts: readonly Record<string, string>[]): string[] =>
  [...matchesOf(starts)]
    .filter((file) => !isWide(file))
    .map((file) => short(file).replace(/^(T1059(?:\.\d+)?)-.*\/(.*?)(?:\.yml)?$/, "$1 $2"))
    .sort();

const parent = (image: string, commandLine: string): Record<string, string> => ({
  ParentImage: image,
  ParentCommandLine: commandLine,
});

const spellings: readonly (readonly [rule: string, Record<string, string>])[] = [
  [
    "T1059 decoded-text-evaluated",
    start("perl -we eval pack('H*', '7072696e74')", { Image: "/usr/bin/perl" }),
  ],
  [
    "T1059 decoded-text-evaluated",
    start("php -r eval(gzinflate(base64_decode('x')));", { Image: "/usr/bin/php8.2" }),
  ],
  ["T1059 script-in-temporary-folder", start("/usr/bin/ruby -w /dev/shm/.x", { Image: "/usr/bin/ruby3.1" })],
  ["T1059 script-in-temporary-folder", start("gawk -F: -f /var/tmp/a.awk /etc/os-release")],
  ["T1059 script-from-standard-input", start("perl -T -")],
  ["T1059 shell-below-inline-code", start("sh -c id", parent("/usr/bin/php8.2", "php -n -r system('id');"))],
  [
    "T1059 daemon-from-inline-code",
    start("ruby -e fork { Process.setsid; sleep 9 }", { Image: "/usr/bin/ruby3.1" }),
  ],
  ["T1059 command-from-awk", start('mawk BEGIN{system("id")}')],
  ["T1059 here-document-to-interpreter", start("bash -c cd /srv; php <<'P'\n<?php 1;\nP")],
  ["T1059 inline-code-below-interpreter", start("ruby -e puts 1", parent("/usr/bin/node", "node a.js"))],
  ["T1059 several-interpreters-in-one-line", start("sh -c php -r '1;' || python3 -c 'pass'")],
  [
    "T1059.005 macro-on-command-line",
    start("/usr/lib/libreoffice/program/soffice.bin --invisible macro:///A.B.C"),
  ],
  [
    "T1059.005 shell-below-office",
    start("/bin/sh -c curl x", parent("/opt/libreoffice7.6/program/soffice.bin", "soffice.bin --calc a.ods")),
  ],
  [
    "T1059.005 dropped-script-below-office",
    start("python3 /tmp/a.py", parent("/usr/lib/libreoffice/program/soffice.bin", "soffice.bin a.odt")),
  ],
  [
    "T1059.005 discovery-below-office",
    start("whoami", parent("/usr/lib/libreoffice/program/soffice.bin", "soffice.bin")),
  ],
  [
    "T1059.005 profile-in-temporary-folder",
    start(
      "/usr/lib/libreoffice/program/soffice.bin --headless -env:UserInstallation=file:///dev/shm/p a.odt",
    ),
  ],
  ["T1059.007 gjs-script-in-temporary-folder", start("gjs -m /tmp/a.js", { Image: "/usr/bin/gjs-console" })],
  ["T1059.007 inline-gjs-evaluates-text", start("gjs -c Function(String.fromCharCode(49))()")],
  ["T1059.007 shell-below-inline-javascript", start("sh -c id", parent("/usr/bin/gjs-console", "gjs -c 1"))],
  ["T1059.011 script-engine-of-nmap", start("nmap -sn --script=/var/tmp/a.nse localhost")],
  ["T1059.011 shell-below-nmap", start("sh -c id", parent("/usr/bin/nmap", "nmap --script x"))],
  ["T1059.004 base64-piped-to-shell", start("bash -c echo aWQ=|base64 --decode|bash")],
  ["T1059.004 base64-piped-to-shell", start("sh -c base64 -d /tmp/x | sudo /bin/sh")],
  ["T1059.004 base64-piped-to-shell", start("ash -c (base64 -d x|sh)&", { Image: "/bin/busybox" })],
  ["T1059.004 shell-script-in-temporary-folder", start("/bin/bash -x /var/tmp/.a/b arg")],
  ["T1059.004 shell-script-in-temporary-folder", start("busybox sh /dev/shm/b")],
  [
    "T1059.004 shell-script-in-temporary-folder",
    start("/bin/sh /var/tmp/rpm-tmp.x1 1", parent("/usr/bin/curl", "curl")),
  ],
  ["T1059.004 shell-script-from-standard-input", start("bash -s")],
  ["T1059.004 shell-script-from-standard-input", start("bash --norc -es -- -c 1")],
  ["T1059.004 one-line-discovery", start("sh -c id;whoami;uname -a")],
  ["T1059.004 one-line-discovery", start("bash -lc uname -a && whoami && id -u")],
  ["T1059.004 shell-from-find", start("find / -name x -execdir /bin/bash -p ;")],
  ["T1059.004 shell-from-find.spl", start("find / -name x -execdir /bin/bash -p ;")],
  ["T1059.004 shell-below-trusted-tool", start("sh -c /tmp/x", parent("/usr/bin/tar", "tar cf a b"))],
  ["T1059.004 busybox-shell", start("/tmp/busybox-x86_64 ash -c id")],
  ["T1059.004 here-document-to-shell", start("bash -c sudo bash -e <<EOF\nid\nEOF")],
  ["T1059.004 here-document-to-shell", start('bash -c cd /; sh<<<"$code"')],
  ["T1059.004 escaped-text-to-shell", start("bash -c printf '\\x77\\x68\\x6f\\x61\\x6d\\x69'|bash")],
  ["T1059.004 separator-variable-for-spaces", start("sh -c ping 1;cat${IFS}/etc/motd")],
  ["T1059.004 separator-variable-for-spaces", start("sh -c cat$IFS$9/etc/motd")],
  ["T1059.004 kernel-thread-name", start("[kworker/u8:2-events] -x", { Image: "/usr/bin/perl" })],
  ["T1059.004 shell-syntax-to-program-in-temporary-folder", start("/tmp/.x -c id; uname")],
  ["T1059.004 detached-shell", start("nohup /bin/bash -c while :; do sleep 9; done")],
  ["T1059.004 cleared-environment-shell", start("/usr/bin/env -i HOME=/ PATH=/bin /bin/bash --noprofile")],
  ["T1059.006 decoded-text-executed", start("python3 -c exec(__import__('zlib').decompress(b'x'))")],
  ["T1059.006 decoded-text-executed", start("python2.7 -uc import marshal;eval(marshal.loads('x'))")],
  ["T1059.006 python-script-in-temporary-folder", start("/usr/bin/python3 -u /dev/shm/a b")],
  ["T1059.006 python-script-from-standard-input", start("python3 - --yes")],
  ["T1059.006 here-document-to-python", start("sh -c cd /srv && python3 - <<PY\nimport os\nPY")],
  ["T1059.006 terminal-for-a-shell", start("python -c from pty import spawn; spawn('/bin/bash')")],
  [
    "T1059.006 shell-below-inline-python",
    start("sh -c id", parent("/usr/bin/python3.9", "python3 -c import os")),
  ],
  ["T1059.006 shell-in-place-of-python", start("python3 -c import os; os.execl('/bin/sh','sh','-p')")],
  ["T1059.006 daemon-from-inline-python", start("python3 -c import os; os.fork() and exit(); os.setsid()")],
  ["T1059.006 code-in-an-archive", start("python3 ./invoice.docx now")],
  [
    "T1059.006 inline-python-below-interpreter",
    start("python3 -c import os", parent("/usr/bin/perl", "perl x.pl")),
  ],
  ["T1059.007 decoded-text-evaluated", start("node -e Function(atob('eA=='))()")],
  ["T1059.007 decoded-text-evaluated", start("nodejs --eval=vm.runInThisContext(unescape('%41'))")],
  ["T1059.007 node-script-in-temporary-folder", start("node --no-warnings /tmp/.a/index.js 1")],
  ["T1059.007 node-script-from-standard-input", start("node --input-type=module -")],
  ["T1059.007 module-from-data-address", start("node --import data:text/javascript,x() a.js")],
  [
    "T1059.007 module-from-data-address",
    start("node -e import x from 'data:application/javascript;base64,eA=='"),
  ],
  ["T1059.007 shell-below-inline-javascript", start("/bin/sh -c id", parent("/usr/bin/node", "node -p 1"))],
  ["T1059.007 detached-process-from-inline-javascript", start("node -e c.spawn('x',{detached:!0}).unref()")],
  ["T1059.007 here-document-to-node", start("bash -c node - <<'JS'\n1\nJS")],
  ["T1059.007 preloaded-module", start("env NODE_OPTIONS=--import=/tmp/x.mjs npm ci")],
  [
    "T1059.007 inline-javascript-below-interpreter",
    start("node -e 1", parent("/usr/bin/python3.11", "python3 a.py")),
  ],
  ["T1059.011 command-from-inline-lua", start("luajit -eos.execute('id')")],
  ["T1059.011 shell-below-lua", start("sh -c id", parent("/usr/bin/luajit-2.1", "luajit x.lua"))],
  ["T1059.011 lua-script-in-temporary-folder", start("lua5.1 /var/tmp/a.lua")],
  ["T1059.011 lua-script-from-standard-input", start("lua - x")],
  ["T1059.011 decoded-chunk", start("lua -e load(string.char(120))()")],
  ["T1059.011 code-in-the-environment", start("env LUA_INIT_5_4=@/tmp/x.lua lua a.lua")],
  ["T1059.011 here-document-to-lua", start("bash -c lua <<EOF\nprint(1)\nEOF")],
  ["T1059.011 inline-lua-below-interpreter", start("lua -e x()", parent("/usr/bin/php8.2", "php index.php"))],
];

for (const [rule, fields] of spellings) {
  test(`${rule} knows: ${fields["CommandLine"]}`, () => {
    expect(names([fields])).toContain(rule);
  });
}

const daily: readonly Record<string, string>[] = [
  start("-bash"),
  start("/bin/sh", parent("/usr/sbin/sshd", "sshd: op@notty")),
  start("bash -c /bin/sh"),
  start("sh -c base64 -d /etc/app/key.b64 | sha256sum"),
  start("bash -c base64 -d cert.b64 > cert.pem; ssh-keygen -l -f k | tee x"),
  start("bash -c kubectl get secret x -o jsonpath={.data.p} | base64 -d | shred -"),
  start("grep -r base64 -d | sh /usr/share/doc"),
  start("/bin/sh /usr/bin/ldd /bin/ls"),
  start("/bin/sh -e /etc/cron.daily/logrotate"),
  start("/bin/bash /var/lib/dpkg/info/man-db.postinst triggered /usr/share/man"),
  start("/bin/sh /var/tmp/rpm-tmp.Zb3xkQ 1", parent("/usr/bin/rpm", "rpm -Uvh x.rpm")),
  start(
    "/bin/sh -c [ -x /etc/init.d/anacron ] && if [ ! -d /run/systemd/system ]; then invoke-rc.d anacron start; fi",
  ),
  start("sh -c cd / && run-parts --report /etc/cron.hourly", parent("/usr/sbin/cron", "/usr/sbin/CRON -f")),
  start("/bin/sh -c /bin/sh -c '/usr/bin/python3 && sleep 0'", parent("/usr/sbin/sshd", "sshd: deploy")),
  start("/usr/bin/python3", parent("/usr/bin/dash", "/bin/sh -c /usr/bin/python3 && sleep 0")),
  start("bash -c uname -a; hostname"),
  start("bash -c whoami"),
  start("sh -c id -u nobody"),
  start("find /var/cache/man -type f -atime +6 -delete"),
  start("find . -name *.sh -exec shellcheck {} +"),
  start("find . -name *.sh -exec chmod 755 {} ;"),
  start("rm -f x", parent("/usr/bin/find", "find . -exec rm -f {} ;")),
  start("sh -c dpkg-deb -x a.deb b", parent("/usr/bin/xargs", "xargs sh -c")),
  start("gzip", parent("/usr/bin/tar", "tar -czf a.tgz b")),
  start("/bin/busybox sleep 5", { Image: "/bin/busybox" }),
  start("sh -c echo ok", { Image: "/bin/busybox" }),
  start("busybox sha256sum -c sums"),
  start("bash -c cat <<EOF > /etc/motd\nhello\nEOF"),
  start("bash -c ssh host 'cat > x' <<EOF\nhello\nEOF"),
  start("bash -c mysql -u root <<SQL\nselect 1;\nSQL"),
  start("bash -c printf '\\033[1;31m%s\\033[0m\\n' red | cat"),
  start('bash -c old="$IFS"; IFS=:; set -- $PATH; IFS="$old"'),
  start("bash -c IFS=$'\\n' read -r line"),
  start("[ -f /etc/default/locale ]"),
  start("/tmp/go-build123/b001/exe/app -c config.yaml"),
  start("/tmp/tmp.x/tool -c 5 file"),
  start("nohup /usr/bin/java -jar app.jar"),
  start("setsid /usr/bin/ssh-agent -D"),
  start("nohup /opt/shop/bin/server --config c"),
  start("/usr/bin/env bash ./configure"),
  start("env -i PATH=/usr/bin make -j4"),
  start("/usr/bin/env python3 manage.py migrate"),
  start("/usr/bin/python3 /usr/bin/unattended-upgrade --download-only"),
  start("/usr/bin/python3 -Es /usr/sbin/firewalld --nofork"),
  start("python3 -m json.tool /tmp/x.json"),
  start("python3 -m pip install --target /tmp/x y"),
  start("python3 -m http.server 8000"),
  start(
    "python3 -c import sys; print(sys.version_info[:2])",
    parent("/usr/bin/node", "node node-gyp.js rebuild"),
  ),
  start("python3 -c import base64; print(base64.b64decode('aGk='))"),
  start(
    "python3 -c import sysconfig; print(sysconfig.get_path('purelib'))",
    parent("/usr/bin/dash", "sh configure"),
  ),
  start("/usr/bin/python3 /usr/local/bin/app.pyz serve"),
  start(
    "sh -c uname -p 2> /dev/null",
    parent("/usr/bin/python3.11", "python3 -c import platform; platform.processor()"),
  ),
  start("/bin/sh -c gcc -v", parent("/usr/bin/python3.11", "python3 setup.py build")),
  start("/usr/lib/python3/dist-packages/cloudinit/x -c a", {
    Image: "/usr/lib/python3/dist-packages/cloudinit/x",
  }),
  start("node /srv/app/server.js"),
  start("node /usr/local/lib/node_modules/npm/bin/npm-cli.js ci"),
  start("node -p process.versions.node", parent("/usr/bin/dash", "sh -c node -p process.versions.node")),
  start("node --check /tmp/eslint-1/a.js"),
  start("sh -c node-gyp rebuild", parent("/usr/bin/node", "node /usr/bin/npm ci")),
  start("node -e console.log(Buffer.from('aGk=','base64').toString())"),
  start("env NODE_OPTIONS=--max-old-space-size=4096 npm run build"),
  start("env NODE_OPTIONS=--no-warnings node -r ./register app.js"),
  start("lua /usr/share/lmod/lmod/libexec/lmod bash load gcc"),
  start("lua5.1 -e print(package.path)"),
  start("perl -pi -e s/a/b/ /etc/app.conf"),
  start("perl -MMIME::Base64 -e print decode_base64('aGk=')"),
  start("/usr/bin/perl -w /usr/bin/debconf-communicate"),
  start("perl -e print 1", parent("/usr/bin/make", "make")),
  start("php /var/www/cron.php", { Image: "/usr/bin/php8.2" }),
  start("gawk -f /usr/share/awk/passwd.awk /etc/passwd"),
  start("mawk -F: { print $1 } /etc/passwd"),
  start("/usr/lib/libreoffice/program/soffice.bin --writer /home/a/letter.odt"),
  start(
    "/usr/lib/libreoffice/program/soffice.bin -env:UserInstallation=file:///tmp/lo1 --headless --convert-to pdf /srv/a.docx",
  ),
  start("/usr/bin/gjs /usr/bin/gnome-characters", { Image: "/usr/bin/gjs-console" }),
  start("nmap -sV --script default 10.0.0.1"),
  start("/usr/bin/lua5.1 /usr/bin/luarocks install x"),
  start("/bin/sh -c uname -s", parent("/usr/bin/lua5.1", "/usr/bin/lua5.1 /usr/bin/luarocks install x")),
];

for (const fields of daily) {
  test(`nothing fires for: ${fields["CommandLine"]}`, () => {
    expect(names([fields])).toEqual([]);
  });
}
