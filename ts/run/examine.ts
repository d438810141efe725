import { readFileSync } from 'node:fs'
import { constants, release } from 'node:os'
import { launcherPath, loadRecorder, type Probe } from '../native.ts'
import { formatCount, formatKb } from '../units.ts'
import { limitFacts, requireOwnProc } from './host.ts'

/** Something that a recording can use. */
export interface Finding {
  ok: boolean
  topic: string
  /** What is there, or what is lost without it. */
  text: string
  /** The command or setting that would change it; null where nothing has to, or nothing can. */
  remedy: string | null
}

/** A build of some hundred processes with room to spare: three descriptors a process. */
const ENOUGH_FILES = 4096

/** What gives the exit server real-time priority; root without it is in a container or a user namespace. */
function realTime(): string {
  if (process.getuid?.() === 0) return 'in a container: docker run --cap-add SYS_NICE or --ulimit rtprio=1'
  if (hardLimit('Max realtime priority') !== 0) return 'to change it: ulimit -r 1'
  return (
    'the hard limit is 0; to change it for this shell: sudo prlimit --rtprio=1 --pid $$; for good: an rtprio line in /etc/security/limits.conf ' +
    'and a new login; in a systemd unit: LimitRTPRIO=1'
  )
}

/** What this machine offers to a recording, as `mymonitor doctor` prints it: everything is tried once, nothing changed. Throws ERR_MYMONITOR_UNSUPPORTED where nothing can be recorded at all. */
export function examine(): Finding[] {
  const probe = loadRecorder().probe()
  launcherPath()
  requireOwnProc()
  return [
    exitRecords(probe),
    connector(probe),
    privileges(probe),
    {
      ok: probe.realTime,
      topic: 'exit server',
      text: probe.realTime
        ? 'runs with real-time priority: exits wait no longer than the kernel needs'
        : 'runs with the shortest slice, as any other thread: on loaded CPUs an exit may wait for a slice',
      remedy: probe.realTime ? null : realTime(),
    },
    {
      ok: probe.rollup,
      topic: 'measured PSS',
      text: probe.rollup ? 'smaps_rollup can be read' : 'smaps_rollup cannot be read: PSS is modelled only',
      remedy: probe.rollup ? null : 'it needs Linux 4.14 with CONFIG_PROC_PAGE_MONITOR',
    },
    {
      ok: probe.kcmp,
      topic: 'shared memory',
      text: probe.kcmp
        ? 'kcmp tells which processes run in one memory'
        : 'no kcmp: a vfork child is told from its parent by its size, and no fork without exec has a mark',
      remedy: probe.kcmp ? null : 'in a container: allow kcmp(2) (docker run --cap-add SYS_PTRACE); else a kernel with CONFIG_KCMP',
    },
    {
      ok: probe.pressure,
      topic: 'pressure',
      text: probe.pressure ? 'PSI is there' : 'no /proc/pressure: waiting for memory is not seen',
      remedy: probe.pressure ? null : 'boot with psi=1 (CONFIG_PSI)',
    },
    cgroup(probe),
    openFiles(),
  ]
}

function exitRecords({ exitRecords: { state, message, errno } }: Probe): Finding {
  const topic = 'exit records'
  if (state === 'on') return { ok: true, topic, text: 'every exit is read: high-water mark, CPU time, exit code', remedy: null }
  const lost = `no exit records (${message ?? 'refused'}): memory between two ticks is not seen, high-water marks are the largest samples`
  return { ok: false, topic, text: lost, remedy: remedyOf(errno ?? 0) }
}

const { EBUSY, EINVAL, ENOSYS } = constants.errno

function remedyOf(errno: number): string {
  if (errno === EBUSY) return 'a listener is there already (another mymonitor, a sandbox): start mymonitor outside of it'
  if (errno === EINVAL)
    return `Linux 5.19 or later is needed, this is ${release()}; --events seccomp goes on without shielding exits from signals`
  // A filter refuses with whatever errno it likes; what it refuses, the kernel can.
  if (/^Seccomp:\s+2$/m.test(readFileSync('/proc/self/status', 'utf8'))) return FILTERED
  return errno === ENOSYS ? 'this kernel is built without CONFIG_SECCOMP_FILTER' : `Linux 5.19 or later is needed, this is ${release()}`
}

const FILTERED =
  'a seccomp filter on this process forbids seccomp(2); in a container: docker run --security-opt seccomp=unconfined, or a profile that ' +
  'allows it; in a systemd unit: SystemCallFilter=seccomp; else start mymonitor outside of that sandbox'

function connector({ connector: { state, reason }, lastPid }: Probe): Finding {
  const topic = 'process connector'
  if (state === 'on') return { ok: true, topic, text: 'every fork, exec and exit is told: signals and raw exits too', remedy: null }
  return {
    ok: false,
    topic,
    text:
      `no process connector (${reason ?? 'refused'}): how processes end by a signal, and how many existed, is not known; new ones are found by ` +
      (lastPid ? 'the last pid of /proc/loadavg' : 'a walk over all children'),
    remedy:
      'it needs Linux 6.6, or before that root (sudo mymonitor …), and the initial pid, user and network namespaces: outside of a container',
  }
}

function privileges({ exitRecords: { noNewPrivs } }: Probe): Finding {
  const lost = noNewPrivs === true
  return {
    ok: !lost,
    topic: 'privilege',
    text: lost
      ? 'with exit records, programs of the build gain no privilege (sudo, setuid, file capabilities): NO_NEW_PRIVS'
      : 'programs of the build may gain privilege as without mymonitor',
    remedy: lost ? 'where a build needs it: mymonitor sample --events poll, or run mymonitor as root' : null,
  }
}

function cgroup({ cgroup: found, cgroupLimitKb }: Probe): Finding {
  const limit = cgroupLimitKb === undefined ? 'no limit' : `limit ${formatKb(cgroupLimitKb)}`
  const path = limitFacts().cgroup ?? ''
  return {
    ok: found,
    topic: 'cgroup',
    text: found
      ? `memory of the cgroup ${path} is read at every tick, ${limit}; OOM kills are counted`
      : 'no memory cgroup: OOM kills are not counted',
    remedy: found ? null : 'mount the memory controller, or: systemd-run --user --scope mymonitor …',
  }
}

function openFiles(): Finding {
  const hard = hardLimit('Max open files')
  const few = hard !== null && hard < ENOUGH_FILES
  return {
    ok: !few,
    topic: 'open files',
    text: few
      ? `at most ${formatCount(hard, 'descriptor')}: beyond ${Math.floor(hard / 3)} live processes reading gets slower`
      : hard === null
        ? 'no limit'
        : `up to ${formatCount(hard, 'descriptor')}: enough for ${Math.floor(hard / 3)} live processes`,
    remedy: few
      ? 'a nofile line in /etc/security/limits.conf; as root: ulimit -n 65536; in a container: docker run --ulimit nofile=65536'
      : null,
  }
}

/** Null: unlimited. */
function hardLimit(name: string): number | null {
  const line = new RegExp(`^${name}\\s+\\S+\\s+(\\S+)`, 'm').exec(readFileSync('/proc/self/limits', 'utf8'))
  const value = Number(line?.[1])
  return Number.isNaN(value) ? null : value
}
