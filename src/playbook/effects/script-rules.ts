import type { Effect } from "../../model/playbook.js";

export type ScriptLanguage = "python" | "javascript" | "lua";

/** What calling a function does. Numbers are positions of arguments. */
export type Rule =
  | { readonly kind: "harmless" }
  | { readonly kind: "effect"; readonly effect: Effect }
  | { readonly kind: "open"; readonly path: number; readonly mode: number }
  | {
      readonly kind: "files";
      readonly reads: readonly number[];
      readonly writes: readonly number[];
      readonly changes: readonly number[];
      readonly removes: readonly number[];
    }
  /** A text for a shell, or a list of words; `also` is what the call itself does beside it. */
  | { readonly kind: "command"; readonly also?: Effect }
  /** A program and then a list of its words. */
  | { readonly kind: "program" }
  /** Code of the same language. */
  | { readonly kind: "code" }
  /** A function to call later; a text in its place is code of the same language. */
  | { readonly kind: "callback" }
  /** A path object: its methods know its path. */
  | { readonly kind: "path" }
  | { readonly kind: "computed" };

const harmless: Rule = { kind: "harmless" };
const computed: Rule = { kind: "computed" };

function files(given: Partial<Record<"reads" | "writes" | "changes" | "removes", readonly number[]>>): Rule {
  return { kind: "files", reads: [], writes: [], changes: [], removes: [], ...given };
}

function table(groups: readonly (readonly [Rule, string])[]): ReadonlyMap<string, Rule> {
  const rules = new Map<string, Rule>();
  for (const [rule, names] of groups)
    for (const name of names.split(/\s+/)) if (name !== "") rules.set(name, rule);
  return rules;
}

const effect = (name: Effect): Rule => ({ kind: "effect", effect: name });

/** Python. `name.*` is everything below a name that has no rule of its own. */
const python = table([
  [
    harmless,
    `print len range str int float bool bytes bytes.fromhex bytearray bytearray.fromhex list dict set frozenset tuple complex abs all any ascii bin chr ord hex oct divmod enumerate
    filter format hash id isinstance issubclass iter map max min next object pow property repr reversed round slice sorted staticmethod classmethod
    sum super zip callable hasattr type input memoryview aiter anext exit quit self cls
    Exception BaseException ValueError TypeError KeyError IndexError OSError IOError RuntimeError StopIteration ArithmeticError ZeroDivisionError
    AttributeError NameError ImportError ModuleNotFoundError FileNotFoundError PermissionError UnicodeDecodeError UnicodeError NotImplementedError
    SystemExit KeyboardInterrupt AssertionError EOFError NotImplemented Ellipsis __name__ __file__ __doc__ _
    sys sys.argv sys.argv.* sys.stdout sys.stdout.* sys.stderr sys.stderr.* sys.stdin sys.stdin.* sys.exit sys.version sys.version.* sys.version_info sys.version_info.*
    sys.platform sys.platform.* sys.executable sys.byteorder sys.maxsize sys.getsizeof sys.implementation sys.implementation.* sys.flags sys.flags.* sys.hexversion
    sys.getdefaultencoding sys.getfilesystemencoding sys.getrecursionlimit sys.prefix sys.exc_info
    math.* cmath.* json json.dumps json.loads json.dump json.load json.JSONDecodeError re.* base64.* binascii.* hashlib.* hmac.* string.* textwrap.* time.* datetime.* calendar.* random.* secrets.*
    itertools.* functools.reduce functools.partial functools.lru_cache functools.cache functools.wraps functools.cmp_to_key collections.* platform.* struct.*
    zlib.* enum.* dataclasses.* typing.* uuid.* errno.* decimal.* fractions.* statistics.* copy.* pprint.* unicodedata.* heapq.* bisect.* array.* numbers.*
    html.* urllib.parse.* urllib.parse difflib.* colorsys.* keyword.* locale.getlocale locale.getpreferredencoding getpass.getuser argparse.* shlex.* ipaddress.* quopri.* abc.* codecs.encode codecs.decode
    contextlib.suppress contextlib.contextmanager contextlib.redirect_stdout contextlib.redirect_stderr contextlib.closing contextlib.ExitStack io.StringIO io.BytesIO io.TextIOWrapper traceback.print_exc traceback.format_exc
    warnings.* queue.* threading.* signal.signal signal.SIGINT signal.SIGTERM signal.alarm signal.SIGALRM gc.collect __future__.*
    os os.name os.name.* os.sep os.linesep os.pathsep os.curdir os.getpid os.getppid os.getuid os.geteuid os.getgid os.getegid os.getgroups os.getlogin os.getcwd os.environ
    os.environ.get os.environ.items os.environ.keys os.environ.values os.getenv os.uname os.uname.* os.cpu_count os.getloadavg os.times os.urandom os.strerror os.isatty os.openpty os.fspath
    os.fsencode os.fsdecode os.path.* os.path os.get_terminal_size os.wait os.waitpid os.WEXITSTATUS os._exit os.error os.O_RDONLY os.F_OK os.R_OK os.getpgid os.getsid os.devnull
    pathlib pathlib.Path.cwd pathlib.PurePath pathlib.PurePosixPath shutil.which shutil.get_terminal_size subprocess.PIPE subprocess.DEVNULL subprocess.STDOUT subprocess.CalledProcessError subprocess.TimeoutExpired subprocess.list2cmdline
    shutil tempfile.gettempdir`,
  ],
  [
    effect("network"),
    `socket.* socket socketserver.* socketserver ssl.* ssl http.* http urllib.request.* urllib.request urllib.* urllib urllib2.* urllib2 requests.* requests httpx.* httpx aiohttp.* aiohttp ftplib.* ftplib smtplib.* smtplib
    smtpd.* smtpd poplib.* poplib imaplib.* imaplib nntplib.* nntplib telnetlib.* telnetlib xmlrpc.* xmlrpc webbrowser.* webbrowser asyncore.* asyncore asynchat.* asynchat paramiko.* paramiko scapy.* scapy dns.* dns
    urllib3.* urllib3 websocket.* websocket websockets.* websockets wsgiref.* wsgiref nmap.* nmap pycurl.* pycurl asyncio.open_connection asyncio.start_server`,
  ],
  [
    effect("credentials"),
    "pwd.* pwd spwd.* spwd grp.* keyring.* keyring netrc.* netrc secretstorage.* secretstorage crypt.* readline.* readline getpass.getpass",
  ],
  [
    effect("destructive"),
    `os.kill os.killpg os.setuid os.seteuid os.setgid os.setegid os.setgroups os.chroot os.mknod os.nice os.abort os.setpriority os.sched_setaffinity
    signal.pthread_kill signal.raise_signal resource.setrlimit`,
  ],
  [
    effect("background-process"),
    "os.fork os.forkpty os.setsid os.setpgid os.setpgrp os.spawnl os.spawnlp os.posix_spawn pty.* pty multiprocessing.* multiprocessing daemon.* daemon concurrent.futures.ProcessPoolExecutor",
  ],
  [
    computed,
    `string.Formatter typing.get_type_hints typing.ForwardRef argparse.FileType getattr setattr delattr globals locals vars dir __import__ __builtins__ __loader__ __spec__ breakpoint help importlib.* importlib runpy.* runpy ctypes.* ctypes cffi.* cffi pickle.* pickle marshal.* marshal shelve.* code.* code codeop.*
    ast.* inspect.* inspect types.* types operator.* operator builtins.* builtins sys.modules sys.modules.* sys.path sys.path.* sys.meta_path sys.settrace sys.setprofile sys._getframe sys.stdin.buffer pkgutil.* imp.* imp zipimport.* timeit.* timeit trace.* pdb.* cProfile.* profile.*
    doctest.* unittest.* site.* distutils.* setuptools.* yaml.* dill.* exec_module multiprocessing.shared_memory codecs.open fcntl.* mmap.* os.dup2 os.dup os.execve os.spawnve`,
  ],
  [
    { kind: "open", path: 0, mode: 1 },
    "open io.open builtins.open gzip.open bz2.open lzma.open os.fdopen codecs.open tarfile.open zipfile.ZipFile",
  ],
  [
    files({ writes: [0] }),
    "os.mkdir os.makedirs os.mkfifo os.open tempfile.mkstemp tempfile.mkdtemp tempfile.TemporaryFile tempfile.NamedTemporaryFile tempfile.TemporaryDirectory tempfile.*",
  ],
  [files({ removes: [0] }), "os.remove os.unlink os.rmdir os.removedirs shutil.rmtree"],
  [files({ removes: [0], writes: [1] }), "os.rename os.renames os.replace shutil.move"],
  [
    files({ reads: [0], writes: [1] }),
    "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree os.link os.symlink",
  ],
  [
    files({ changes: [0] }),
    "os.chmod os.chown os.lchown os.truncate os.utime os.setxattr shutil.chown os.chflags os.lchmod",
  ],
  [
    files({ reads: [0] }),
    "os.listdir os.scandir os.walk os.stat os.lstat os.access os.readlink os.path.exists glob.glob glob.iglob fileinput.input",
  ],
  [
    effect("computed-code"),
    "os.chdir os.fchdir contextlib.chdir os.putenv os.unsetenv os.environ.update os.environ.setdefault",
  ],
  [{ kind: "path" }, "pathlib.Path pathlib.PosixPath"],
  [
    { kind: "command" },
    `os.system os.popen subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen subprocess.getoutput
    subprocess.getstatusoutput commands.getoutput`,
  ],
  // The program gets a session and a terminal of its own.
  [{ kind: "command", also: "background-process" }, "pty.spawn"],
  [{ kind: "program" }, "os.execv os.execvp os.spawnv os.spawnvp"],
  [{ kind: "code" }, "eval exec compile"],
]);

const fsReads = "readFile createReadStream readdir stat lstat exists access readlink realpath opendir statfs";
const fsWrites = "writeFile appendFile createWriteStream mkdir mkdtemp";
function eachFs(names: string): string {
  const all = names.split(/\s+/).flatMap((name) => [name, `${name}Sync`, `promises.${name}`]);
  return all.map((name) => `fs.${name}`).join(" ");
}

/** JavaScript: Node's globals and modules, and those of gjs. */
const javascript = table([
  [
    harmless,
    `console.* JSON.* Math.* String String.* Number Number.* Boolean Array Array.* Date Date.* BigInt Symbol Symbol.* Map Set WeakMap WeakSet Promise Promise.* RegExp Error TypeError RangeError
    SyntaxError parseInt parseFloat isNaN isFinite encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape undefined NaN Infinity arguments
    Buffer Buffer.* TextEncoder TextDecoder URL URLSearchParams Uint8Array Uint16Array Uint32Array Int8Array Int16Array Int32Array Float32Array Float64Array ArrayBuffer DataView
    clearTimeout clearInterval clearImmediate queueMicrotask structuredClone atob btoa AbortController AbortSignal AbortSignal.* performance.* crypto.* crypto Intl.*
    Object.keys Object.values Object.entries Object.assign Object.freeze Object.fromEntries Object.create process process.argv process.argv.* process.env process.env.* process.pid process.ppid process.platform process.platform.* process.arch
    process.version process.version.* process.versions process.versions.* process.stdout process.stdout.* process.stderr process.stderr.* process.stdin process.stdin.* process.exit process.exitCode process.cwd process.uptime process.memoryUsage process.hrtime process.hrtime.*
    process.getuid process.geteuid process.getgid process.title process.execPath process.nextTick process.on process.once process.release.* process.config process.features process.cpuUsage process.emitWarning
    os os.* path path.* util util.* events events.* buffer buffer.* zlib zlib.* stream stream.* string_decoder string_decoder.* url url.* querystring querystring.* assert assert.* perf_hooks perf_hooks.* timers timers.* timers/promises timers/promises.* process.hrtime.bigint
    readline readline.* tty tty.* constants constants.* punycode punycode.* diagnostics_channel diagnostics_channel.* exports module.exports module.exports.* __dirname __filename import.meta fs fs.constants fs.constants.* fs/promises fs.promises fs.close fs.closeSync
    child_process print printerr log ARGV imports imports.gi imports.gi.versions imports.gi.versions.* imports.gi.GLib imports.byteArray imports.byteArray.* imports.system imports.system.* imports.format.* imports.gi.GLib.get_user_name imports.gi.GLib.get_host_name imports.gi.GLib.get_current_dir
    imports.gi.GLib.getenv imports.gi.GLib.get_monotonic_time imports.gi.GLib.get_real_time imports.gi.GLib.base64_encode imports.gi.GLib.base64_decode imports.gi.GLib.random_int imports.gi.GLib.usleep imports.gi.GLib.MainLoop imports.gi.GLib.uuid_string_random imports.gi.GLib.get_os_info imports.gi.GLib.find_program_in_path`,
  ],
  [
    effect("network"),
    `net net.* http http.* https https.* http2 http2.* dgram dgram.* tls tls.* dns dns.* dns/promises fetch XMLHttpRequest WebSocket EventSource navigator.* axios axios.* axios got got.* request request.* ws ws.* undici undici.* node-fetch inspector inspector.*
    imports.gi.Soup imports.gi.Soup.* Request Response ssh2 ssh2.* nodemailer nodemailer.*`,
  ],
  [
    effect("destructive"),
    "process.kill process.setuid process.setgid process.seteuid process.setegid process.setgroups process.abort process.initgroups imports.gi.GLib.rmdir imports.gi.GLib.unlink",
  ],
  [effect("background-process"), "cluster cluster.*"],
  [
    computed,
    `globalThis global window self Reflect.* Reflect Proxy vm vm.* worker_threads worker_threads.* module module.* v8 v8.* repl repl.* wasi wasi.* WebAssembly WebAssembly.* process.binding process.dlopen process._linkedBinding process.chdir process.mainModule require require.* import
    Object.getPrototypeOf Object.setPrototypeOf Object.defineProperty Object.getOwnPropertyDescriptor Object.getOwnPropertyDescriptors Object.getOwnPropertyNames async_hooks async_hooks.* process.stdin.constructor imports.searchPath imports.gi.Gio imports.gi.Gio.* imports.gi.Gtk.* imports.gi.GIRepository.* util.promisify sys sys.*`,
  ],
  [
    { kind: "callback" },
    "setTimeout setInterval setImmediate timers.setTimeout timers.setInterval timers.setImmediate",
  ],
  [{ kind: "code" }, "eval Function vm.runInNewContext vm.runInThisContext vm.Script"],
  [files({ reads: [0] }), `${eachFs(fsReads)} imports.gi.GLib.file_get_contents imports.gi.GLib.file_test`],
  [
    files({ writes: [0] }),
    `${eachFs(fsWrites)} imports.gi.GLib.file_set_contents imports.gi.GLib.mkdir_with_parents`,
  ],
  [files({ changes: [0] }), eachFs("chmod chown lchown truncate utimes lutimes")],
  [files({ removes: [0] }), eachFs("unlink rm rmdir")],
  [files({ removes: [0], writes: [1] }), eachFs("rename")],
  [files({ reads: [0], writes: [1] }), eachFs("copyFile cp symlink link")],
  [{ kind: "open", path: 0, mode: 1 }, eachFs("open")],
  [
    { kind: "command" },
    "child_process.exec child_process.execSync imports.gi.GLib.spawn_command_line_sync imports.gi.GLib.spawn_command_line_async",
  ],
  [
    { kind: "program" },
    "child_process.execFile child_process.execFileSync child_process.spawn child_process.spawnSync",
  ],
]);

const lua = table([
  [
    harmless,
    `print type tostring tonumber pairs ipairs next select assert error pcall xpcall setmetatable getmetatable rawequal rawlen rawset unpack arg collectgarbage _VERSION self warn
    string.* string table table.* math math.* utf8 utf8.* bit bit.* bit32 bit32.* coroutine coroutine.* os os.time os.date os.clock os.getenv os.exit os.difftime os.setlocale io io.write io.read io.stdout io.stdout.* io.stderr io.stderr.* io.stdin io.stdin.* io.type io.close io.flush`,
  ],
  [
    effect("network"),
    "socket socket.* ssl ssl.* http http.* socket.http socket.http.* ltn12 copas copas.* luasocket resty.* cqueues cqueues.* mime",
  ],
  [effect("outside-work-folder"), "os.tmpname io.tmpfile"],
  [
    computed,
    "_G _ENV getfenv setfenv debug debug.* package package.* ffi ffi.* jit jit.* require module rawget string.dump posix posix.* lfs lfs.*",
  ],
  [{ kind: "code" }, "load loadstring"],
  [{ kind: "open", path: 0, mode: 1 }, "io.open"],
  [files({ reads: [0] }), "io.lines io.input"],
  [files({ writes: [0] }), "io.output"],
  [files({ removes: [0] }), "os.remove"],
  [files({ removes: [0], writes: [1] }), "os.rename"],
  [{ kind: "command" }, "os.execute io.popen"],
]);

/** Python's modules that can do more than compute, by their own names. */
const powerful: ReadonlySet<string> = new Set(
  [...python]
    .filter(([, rule]) => rule.kind !== "harmless")
    .map(([name]) => name)
    .filter((name) => name.includes("."))
    .map((name) => name.slice(0, name.indexOf(".")))
    // Their own members carry these names, and what is powerful in them has rules of its own.
    .filter((name) => !["string", "typing", "argparse", "codecs", "contextlib", "glob"].includes(name)),
);

const tables: Readonly<Record<ScriptLanguage, ReadonlyMap<string, Rule>>> = { python, javascript, lua };

/** The rule for a name such as `os.path.join`; null when nothing is known of it. */
export function ruleFor(language: ScriptLanguage, name: string): Rule | null {
  const rules = tables[language];
  const exact = rules.get(name);
  if (exact !== undefined) return exact;
  for (let end = name.lastIndexOf("."); end > 0; end = name.lastIndexOf(".", end - 1)) {
    const below = rules.get(`${name.slice(0, end)}.*`);
    if (below === undefined) continue;
    const rest = name.slice(end + 1).split(".");
    return language === "python" && below.kind === "harmless" && leadsElsewhere(rest) ? computed : below;
  }
  return null;
}

/** Members of Python's modules that are no part of them: what they import (`random._os`, `platform.subprocess`). */
function leadsElsewhere(members: readonly string[]): boolean {
  return members.some((member) => /^_(?!_name__$|_doc__$|_version__$)/.test(member) || powerful.has(member));
}

/** Whether a name stands for a module or another thing whose members have rules. */
export function isNamespace(language: ScriptLanguage, name: string): boolean {
  const prefix = `${name}.`;
  return [...tables[language].keys()].some((key) => key.startsWith(prefix));
}

/** Whether a name stands for something with members that are not harmless. */
export function isPowerful(language: ScriptLanguage, name: string): boolean {
  const prefix = `${name}.`;
  return [...tables[language]].some(([key, rule]) => key.startsWith(prefix) && rule.kind !== "harmless");
}

/** Whether everything below a name is harmless, and an index into it is an index into texts or numbers. */
export function holdsValues(language: ScriptLanguage, name: string): boolean {
  if (ruleFor(language, name)?.kind !== "harmless") return false;
  if (name === "os.environ" && language === "python") return true;
  const prefix = `${name}.`;
  return [...tables[language]].every(([key, rule]) => !key.startsWith(prefix) || rule.kind === "harmless");
}

/** Methods of path objects in Python: what they do to the path that the object stands for. */
export const pathMethods: ReadonlyMap<string, "reads" | "writes" | "changes" | "removes" | "opens"> = new Map(
  (
    [
      ["reads", "read_text read_bytes iterdir glob rglob readlink walk"],
      ["writes", "write_text write_bytes touch mkdir symlink_to hardlink_to"],
      ["changes", "chmod lchmod"],
      ["removes", "unlink rmdir rename"],
      ["opens", "open"],
    ] as const
  ).flatMap(([what, names]) => names.split(" ").map((name) => [name, what] as const)),
);
