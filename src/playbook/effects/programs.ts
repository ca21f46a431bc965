/**
 * What shell programs do. A program that stands nowhere here is not known to be harmless: lint then demands
 * `unknown-command`.
 */

function set(words: string): ReadonlySet<string> {
  return new Set(words.split(/\s+/).filter((word) => word !== ""));
}

/** Print, compute, or read only what belongs to the system; their operands are not files that matter. */
export const printers = set(`
  echo printf true false : id whoami groups logname users who w uname arch nproc uptime sleep usleep seq expr basename dirname
  locale getconf lscpu lsblk df free tty test [ return exit break continue shift wait jobs times set shopt umask
  ulimit type which whereis hash pwd printenv factor numfmt cal clear tput stty unset getopts let read mapfile readarray
  export readonly local declare typeset integer float pathchk mesg date hostname ps pgrep pidof vmstat lsmod sync ss netstat lsof
  print yes getent dirs`);

/** Printers that take the name of a file as well. */
export const readingPrinters = set("date who w users tput stty lsof mapfile readarray");

/** Read the files that are their operands and print something about them. */
export const readers = set(`
  cat head tail tac nl wc sort uniq cut paste join comm diff cmp grep egrep fgrep rev tr fold fmt expand unexpand od hexdump hd
  xxd base64 base32 basenc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum strings column tsort shuf jq zcat
  readlink realpath iconv file stat ls dir vdir du tree lsattr getfacl pr look namei bc`);

/** Readers whose first operand is a pattern or program, not a file. */
export const patternFirst = set("grep egrep fgrep jq tr");

/** Make or write the files that are their operands. */
export const writers = set(
  "touch mkdir tee mkfifo cp ln install truncate split csplit gzip gunzip bzip2 bunzip2 xz unxz mktemp",
);

/** Change files that exist. */
export const changers = set("chmod chown chgrp setfacl setfattr");

export const removers = set("rm rmdir unlink shred");

/** What running each of these always is, whatever its operands. */
export const always: ReadonlyMap<
  string,
  { readonly effect: "network" | "credentials" | "persistence" | "destructive"; readonly what: string }
> = new Map(
  (
    [
      [
        "network",
        "uses the network",
        `curl wget nc ncat netcat nc.openbsd nc.traditional socat ssh scp sftp rsync ftp tftp lftp telnet ping ping6 dig nslookup host
        traceroute tracepath mtr nmap masscan arping arp-scan rlogin rsh rcp rexec whois aria2c axel http https httpie lynx links w3m elinks
        git svn hg apt apt-get yum dnf apk pip pip3 npm npx yarn gem cargo go docker podman kubectl aws az gcloud openssl smbclient
        rpcclient ldapsearch mosquitto_pub mosquitto_sub mysql psql redis-cli mongo sqlcmd mail sendmail mutt telnetd sshd snmpwalk tcpdump tshark
        bitsadmin nfs showmount rpcinfo ntpdate chronyc resolvectl avahi-browse vncviewer xfreerdp rdesktop gsocket websocat`,
      ],
      [
        "credentials",
        "reads secrets or histories",
        `history fc gpg gpg2 gpgsm gpg-agent secret-tool pass kwallet-query keyctl security ssh-add ssh-keygen ssh-keyscan
        unshadow john hashcat chage vipw gcore gnome-keyring keepassxc-cli lastpass-cli bw op vault last lastb lastlog`,
      ],
      [
        "persistence",
        "arranges that something runs again later",
        `crontab at batch atd cron anacron systemctl systemd-run service chkconfig update-rc.d rc-update insserv
        chattr loginctl launchctl initctl ldconfig update-alternatives dpkg rpm snap flatpak insmod modprobe ssh-copy-id`,
      ],
      [
        "destructive",
        "changes the machine",
        `mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.vfat mke2fs mkswap fdisk sfdisk parted wipefs blkdiscard mount umount losetup
        swapon swapoff kill pkill killall killall5 skill shutdown reboot halt poweroff init telinit useradd userdel usermod groupadd groupdel
        groupmod adduser deluser addgroup delgroup passwd chpasswd gpasswd chsh chfn newusers iptables ip6tables iptables-restore nft ufw firewall-cmd
        ipset ip ifconfig route arp tc brctl ethtool iw nmcli sysctl rmmod depmod dmesg hostnamectl timedatectl localectl hwclock setcap
        auditctl auditd augenrules setenforce setsebool semanage aa-disable logrotate journalctl fstrim debugfs dmsetup lvremove vgremove pvremove
        cryptsetup swaplabel fuser wall write pivot_root chroot unshare nsenter setpriv capsh runuser su sudo doas pkexec sg newgrp
        gdb strace ltrace perf bpftrace kexec renice`,
      ],
    ] as const
  ).flatMap(([effect, what, names]) => [...set(names)].map((name) => [name, { effect, what }] as const)),
);

/** Programs that raise or change privileges; the nearest effect is `destructive`. */
export const privilege = set("sudo su doas pkexec runuser sg newgrp setpriv capsh");

/** Interpreters whose language lint cannot read. */
export const unreadable = set(`
  perl ruby php tclsh expect wish R Rscript julia guile scheme sbcl clisp erl escript elixir ghci runghc ocaml
  java jshell groovy kotlin scala dotnet mono deno bun osascript fish csh tcsh nu xonsh vim vi view ex ed emacs nano less more man gcc cc tcc
  clang soffice libreoffice gbs3 gbr3 make cmake ninja m4 sqlite3 lldb script screen tmux parallel watch entr flock dc`);

/** Variables that change what later commands mean or run. */
export const powerfulVariables = set(`
  PATH LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT BASH_ENV ENV PROMPT_COMMAND PS0 PS1 PS2 PS4 SHELLOPTS BASHOPTS CDPATH GLOBIGNORE PYTHONPATH
  PYTHONSTARTUP PYTHONHOME PYTHONINSPECT NODE_OPTIONS NODE_PATH LUA_INIT LUA_PATH LUA_CPATH LUA_INIT_5_3 LUA_INIT_5_4 LUA_PATH_5_4 LUA_CPATH_5_4
  PERL5LIB PERL5OPT RUBYOPT GJS_PATH GI_TYPELIB_PATH EDITOR VISUAL PAGER LESSOPEN LESSCLOSE SHELL ZDOTDIR FPATH HISTFILE HOME EXECIGNORE
  BASH_XTRACEFD GCONV_PATH LOCPATH HOSTALIASES MANPAGER GIT_SSH_COMMAND CONTAINERS_CONF CONTAINERS_STORAGE_CONF CONTAINER_HOST DOCKER_HOST
  LIBVIRT_DEFAULT_URI VIRSH_DEFAULT_CONNECT_URI LIBVIRT_DRIVER_DIR LIBVIRT_LOG_OUTPUTS VI_SERVER`);
