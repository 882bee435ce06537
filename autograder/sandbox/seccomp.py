"""Which system calls a student's process may make, as a filter program of the kernel.

The filter is a list of what is allowed; a call that nobody knows here is answered "not
implemented", so that a C library newer than this list falls back on an older call. Sources:
seccomp(2), bpf(4) "classic", the kernel's documentation "Seccomp BPF", and the tables of system
calls in the kernel's headers (x86_64 | aarch64, "-" where a platform does not have the call).
"""

import errno
import struct

PLATFORMS = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column, AUDIT_ARCH

_FILES = """
read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69
pwritev:296:70 preadv2:327:286 pwritev2:328:287 open:2:- openat:257:56 openat2:437:437
creat:85:- close:3:57 close_range:436:436 lseek:8:62 dup:32:23 dup2:33:- dup3:292:24
pipe:22:- pipe2:293:59 fsync:74:82 fdatasync:75:83 ftruncate:77:46 truncate:76:45
fallocate:285:47 sendfile:40:71 copy_file_range:326:285 fadvise64:221:223 readahead:187:213
stat:4:- fstat:5:80 lstat:6:- newfstatat:262:79 statx:332:291 statfs:137:43 fstatfs:138:44
access:21:- faccessat:269:48 faccessat2:439:439 getcwd:79:17 chdir:80:49 fchdir:81:50
rename:82:- renameat:264:38 renameat2:316:276 mkdir:83:- mkdirat:258:34 rmdir:84:- link:86:-
linkat:265:37 unlink:87:- unlinkat:263:35 symlink:88:- symlinkat:266:36 readlink:89:-
readlinkat:267:78 umask:95:166 getdents:78:- getdents64:217:61 getxattr:191:8
lgetxattr:192:9 fgetxattr:193:10 listxattr:194:11 llistxattr:195:12 flistxattr:196:13
"""
_WAITING = """
poll:7:- ppoll:271:73 select:23:- pselect6:270:72 epoll_create:213:- epoll_create1:291:20
epoll_ctl:233:21 epoll_wait:232:- epoll_pwait:281:22 epoll_pwait2:441:441 eventfd:284:-
eventfd2:290:19 signalfd:282:- signalfd4:289:74 timerfd_create:283:85 timerfd_settime:286:86
timerfd_gettime:287:87 recvfrom:45:207 shutdown:48:210 getsockname:51:204 getpeername:52:205
getsockopt:55:209 setsockopt:54:208
"""
_MEMORY = """
mmap:9:222 munmap:11:215 mremap:25:216 mprotect:10:226 brk:12:214 madvise:28:233 msync:26:227
mincore:27:232 membarrier:324:283 get_mempolicy:239:236
"""
_THREADS = """
exit:60:93 exit_group:231:94 gettid:186:178 getpid:39:172 getppid:110:173 getpgrp:111:-
getpgid:121:155 getsid:124:156 wait4:61:260 waitid:247:95 set_tid_address:218:96
set_robust_list:273:99 futex:202:98 futex_waitv:449:449 futex_wake:454:454 futex_wait:455:455
futex_requeue:456:456 sched_yield:24:124 sched_getaffinity:204:123 sched_getparam:143:121
sched_getscheduler:145:120 sched_get_priority_max:146:125 sched_get_priority_min:147:126
rseq:334:293 arch_prctl:158:- getpriority:140:141 getcpu:309:168 restart_syscall:219:128
"""
_SIGNALS = """
rt_sigaction:13:134 rt_sigprocmask:14:135 rt_sigpending:127:136 rt_sigtimedwait:128:137
rt_sigsuspend:130:133 rt_sigreturn:15:139 sigaltstack:131:132 pause:34:- alarm:37:-
setitimer:38:103 getitimer:36:102 timer_create:222:107 timer_settime:223:110
timer_gettime:224:108 timer_getoverrun:225:109 timer_delete:226:111
"""
_FACTS = """
clock_gettime:228:113 clock_getres:229:114 clock_nanosleep:230:115 nanosleep:35:101
gettimeofday:96:169 time:201:- times:100:153 getrlimit:97:163 setrlimit:160:164
getrusage:98:165 sysinfo:99:179 uname:63:160 getrandom:318:278 getuid:102:174 geteuid:107:175
getgid:104:176 getegid:108:177 getresuid:118:148 getresgid:120:150 getgroups:115:158
capget:125:90
"""
# Harmless on files of one's own, but Landlock does not keep them from the teacher's files.
_MARKS_ON_FILES = """
chmod:90:- fchmod:91:52 fchmodat:268:53 fchmodat2:452:452 utime:132:- utimes:235:-
utimensat:280:88 futimesat:261:-
"""
# Allowed with some arguments only: see `_rules`.
_RULED = """
clone:56:220 kill:62:129 tgkill:234:131 prctl:157:167 ioctl:16:29 fcntl:72:25
socketpair:53:199 sendto:44:206 prlimit64:302:261 sched_setaffinity:203:122
"""
_REFUSED = """
fork:57:- vfork:58:- execve:59:221 execveat:322:281 unshare:272:97 setns:308:268 chroot:161:51
pivot_root:155:41 mount:165:40 umount2:166:39 mount_setattr:442:442 move_mount:429:429
open_tree:428:428 fsopen:430:430 fsmount:432:432 fsconfig:431:431 fspick:433:433 socket:41:198
connect:42:203 bind:49:200 listen:50:201 accept:43:202 accept4:288:242 sendmsg:46:211
recvmsg:47:212 sendmmsg:307:269 recvmmsg:299:243 ptrace:101:117 process_vm_readv:310:270
process_vm_writev:311:271 process_madvise:440:440 kcmp:312:272 pidfd_open:434:434
pidfd_send_signal:424:424 pidfd_getfd:438:438 tkill:200:130 rt_sigqueueinfo:129:138
rt_tgsigqueueinfo:297:240 setsid:112:157 setpgid:109:154 shmget:29:194 shmat:30:196
shmctl:31:195 shmdt:67:197 semget:64:190 semop:65:193 semctl:66:191 semtimedop:220:192
msgget:68:186 msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181
mq_timedsend:242:182 mq_timedreceive:243:183 mq_notify:244:184 mq_getsetattr:245:185
bpf:321:280 perf_event_open:298:241 userfaultfd:323:282 io_uring_setup:425:425
io_uring_enter:426:426 io_uring_register:427:427 add_key:248:217 request_key:249:218
keyctl:250:219 memfd_create:319:279 memfd_secret:447:447 flock:73:32 mknod:133:-
mknodat:259:33 chown:92:- fchown:93:55 lchown:94:- fchownat:260:54 setxattr:188:5
lsetxattr:189:6 fsetxattr:190:7 removexattr:197:14 lremovexattr:198:15 fremovexattr:199:16
setuid:105:146 setgid:106:144 setreuid:113:145 setregid:114:143 setresuid:117:147
setresgid:119:149 setfsuid:122:151 setfsgid:123:152 setgroups:116:159 capset:126:91
seccomp:317:277 landlock_create_ruleset:444:444 landlock_add_rule:445:445
landlock_restrict_self:446:446 personality:135:92 setpriority:141:140 sched_setparam:142:118
sched_setscheduler:144:119 sched_setattr:314:274 ioprio_set:251:30 mlock:149:228
mlock2:325:284 mlockall:151:230 munlock:150:229 munlockall:152:231 mbind:237:235
set_mempolicy:238:237 migrate_pages:256:238 move_pages:279:239 clock_settime:227:112
settimeofday:164:170 adjtimex:159:171 clock_adjtime:305:266 sethostname:170:161
setdomainname:171:162 reboot:169:142 kexec_load:246:104 kexec_file_load:320:294
init_module:175:105 finit_module:313:273 delete_module:176:106 swapon:167:224 swapoff:168:225
acct:163:89 syslog:103:116 quotactl:179:60 vhangup:153:58 iopl:172:- ioperm:173:-
modify_ldt:154:- splice:275:76 tee:276:77 vmsplice:278:75 inotify_init:253:-
inotify_init1:294:26 inotify_add_watch:254:27 inotify_rm_watch:255:28 fanotify_init:300:262
fanotify_mark:301:263 name_to_handle_at:303:264 open_by_handle_at:304:265
"""
_ALLOWED = (_FILES, _WAITING, _MEMORY, _THREADS, _SIGNALS, _FACTS)

# Opcodes of the classic filter machine.
_LOAD, _AND, _EQUAL, _AT_LEAST, _ABOVE, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x25, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _PLATFORM, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_ALL = 0xFFFFFFFF
_X32 = 0x40000000
_CLONE_THREAD = 0x00010000
_UNIX, _STREAM, _SOCKET_KIND = 1, 1, 0xF
# FIOCLEX, FIONCLEX, FIONBIO, FIONREAD, TCGETS, TCGETS2, TIOCGWINSZ
_IOCTLS = (0x5451, 0x5450, 0x5421, 0x541B, 0x5401, 0x802C542A, 0x5413)
# F_DUPFD to F_SETLKW, F_OFD_GETLK to F_OFD_SETLKW, F_DUPFD_CLOEXEC, F_GETPIPE_SZ
_FCNTLS = (*range(8), 36, 37, 38, 1030, 1032)
# PR_GET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECCOMP, PR_CAPBSET_READ,
# PR_GET_NO_NEW_PRIVS, PR_SET_VMA (names of memory for debuggers; the C library sets them)
_PRCTLS = (2, 3, 15, 16, 21, 23, 39, 0x53564D41)


def numbers(table, machine):
    """Return {name: number} of a table for a platform.

    >>> numbers("read:0:63 open:2:-", "aarch64")
    {'read': 63}
    """
    column = PLATFORMS[machine][0]
    rows = [entry.split(":") for entry in table.split()]
    return {name: int(found[column]) for name, *found in rows if found[column] != "-"}


def filter_program(machine, process, marks):
    """Return the filter for a student's process, as the bytes of its instructions.

    Parameters
    ----------
    machine : str
        A key of `PLATFORMS`.
    process : int
        The process's own id: signals go to itself only.
    marks : bool
        Whether modes and times of files may be changed; where all writable files are its own.
    """
    allowed = [*_ALLOWED, _MARKS_ON_FILES] if marks else _ALLOWED
    program = [
        _jump(_LOAD, _PLATFORM),
        _jump(_EQUAL, PLATFORMS[machine][1], 1, 0),
        _jump(_RETURN, _KILL),
        _jump(_LOAD, _NUMBER),
        _jump(_AT_LEAST, _X32, 0, 1),
        _jump(_RETURN, _ERROR | errno.ENOSYS),
    ]
    for table in allowed:
        program += _answer(numbers(table, machine).values(), _ALLOW)
    ruled = numbers(_RULED, machine)
    for name, (ways, refusal) in _rules(process).items():
        program += _ruled(ruled[name], ways, refusal)
    refused = _REFUSED if marks else _REFUSED + _MARKS_ON_FILES
    program += _answer(numbers(refused, machine).values(), _ERROR | errno.EPERM)
    return b"".join([*program, _jump(_RETURN, _ERROR | errno.ENOSYS)])


def _rules(process):
    """Return {name: (ways, error)}: a call is allowed if all tests of one way hold.

    A test is (argument, mask, value); an argument 4.5 is the upper half of argument 4.
    """
    own = [[(0, _ALL, process)]]
    mine = [[(0, _ALL, 0)], [(0, _ALL, process)]]
    return {
        "clone": ([[(0, _CLONE_THREAD, _CLONE_THREAD)]], errno.EPERM),
        "kill": (own, errno.EPERM),
        "tgkill": (own, errno.EPERM),
        "prlimit64": (mine, errno.EPERM),
        "sched_setaffinity": (mine, errno.EPERM),
        "prctl": ([[(0, _ALL, option)] for option in _PRCTLS], errno.EPERM),
        "fcntl": ([[(1, _ALL, command)] for command in _FCNTLS], errno.EPERM),
        "ioctl": ([[(1, _ALL, request)] for request in _IOCTLS], errno.ENOTTY),
        "socketpair": ([[(0, _ALL, _UNIX), (1, _SOCKET_KIND, _STREAM)]], errno.EPERM),
        "sendto": ([[(4, _ALL, 0), (4.5, _ALL, 0)]], errno.EPERM),  # to no address but the peer
    }


def _jump(code, value, then=0, otherwise=0):
    """Return one instruction: struct sock_filter."""
    return struct.pack("<HBBI", code, then, otherwise, value)


def _answer(calls, result):
    """Return instructions that answer these calls, a run of numbers at a time."""
    program, calls = [], sorted(calls)
    while calls:
        size = 1
        while size < len(calls) and calls[size] == calls[0] + size:
            size += 1
        program += [
            _jump(_AT_LEAST, calls[0], 0, 2),
            _jump(_ABOVE, calls[size - 1], 1, 0),
            _jump(_RETURN, result),
        ]
        calls = calls[size:]
    return program


def _ruled(number, ways, refusal):
    """Return instructions that allow a call in some ways and refuse it in all others."""
    body = []
    for tests in ways:
        for place, (argument, mask, value) in enumerate(tests):
            past = 3 * (len(tests) - place - 1) + 1
            body += [
                _jump(_LOAD, _ARGUMENTS + int(8 * argument)),
                _jump(_AND, mask),
                _jump(_EQUAL, value, 0, past),
            ]
        body.append(_jump(_RETURN, _ALLOW))
    body.append(_jump(_RETURN, _ERROR | refusal))
    return [_jump(_EQUAL, number, 0, len(body)), *body]
