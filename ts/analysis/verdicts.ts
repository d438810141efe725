import type { ConnectorFacts, ExitRecords } from '../metadata.ts'
import type { Course, TickFacts } from '../native.ts'
import { formatCount, formatKb, formatShare } from '../units.ts'
import type { ProcessFacts } from './processes.ts'
import type { Evidence } from './trust.ts'

/** More waiting than this, of the build's time, is pressure. */
const PRESSURE = 0.1
const CACHES = ['ccache', 'sccache', 'cachepot', 'buildcache']
const DISTRIBUTED = ['distcc', 'icecc', 'gomacc', 'rewrapper', 'reproxy', 'sccache-dist']
/** Clients of daemons that do the work outside the tree; podman and buildah do it themselves. */
const CONTAINERS = ['docker', 'nerdctl', 'ctr', 'buildctl']
/** Clients that start a server where none runs, and use one that does. */
const SERVED = ['sccache', 'cachepot', 'bazel', 'bazelisk', 'buck2', 'gradle', 'gradlew', 'mvnd']

/** Which sources the recording lacks, and what it cannot say therefore. */
export function sourceWarnings({ metadata: { exit_records: exits, connector }, processes }: Evidence): string[] {
  return [...exitWarnings(exits, processes), ...connectorWarnings(connector)]
}

function connectorWarnings(connector: ConnectorFacts | null): string[] {
  if (connector === null || connector.overflows === 0) return []
  return [
    `Events of the process connector were lost ${connector.overflows === 1 ? 'once' : `${connector.overflows} times`}: at least ${connector.existed} processes existed, and some ends are unknown.`,
  ]
}

function exitWarnings(exits: ExitRecords | null, processes: ProcessFacts): string[] {
  if (!exits) return []
  const lost = processes.lost
  return [
    ...(exits.state === 'refused'
      ? [
          `No exit records (${exits.reason ?? 'the kernel refused'}): high-water marks and CPU times are missing, and memory between two ticks was not seen; mymonitor doctor says what would change it.`,
        ]
      : []),
    ...(exits.dropped > 0
      ? [`${formatCount(exits.dropped, 'exit record')} could not be written in time and ${exits.dropped === 1 ? 'is' : 'are'} missing.`]
      : []),
    ...(exits.unreadable > 0 ? [`${formatCount(exits.unreadable, 'process', 'processes')} could not be read at exit.`] : []),
    ...(exits.state === 'on' && exits.killable === false
      ? [
          'This kernel cannot shield exits from signals (it is older than Linux 5.19): a handler without SA_RESTART may have broken an exit.',
        ]
      : []),
    ...(exits.state === 'on' && lost > 0
      ? [
          `${formatCount(lost, 'process', 'processes')} ended without an exit record (a signal, or raw exit): their high-water marks are unknown.`,
        ]
      : []),
    ...privilegeWarnings(exits.privilege_lost ?? []),
    ...listenerWarnings(exits.refused_listeners ?? []),
  ]
}

function privilegeWarnings(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const they = names.length === 1 ? 'it' : 'they'
  return [
    `${names.join(' and ')} ran and could gain no privilege, because of the exit records (NO_NEW_PRIVS): with --events poll ${they} can.`,
  ]
}

function listenerWarnings(names: readonly string[]): string[] {
  if (names.length === 0) return []
  const they = names.length === 1 ? 'it' : 'they'
  return [
    `${names.join(' and ')} asked for a seccomp listener and could get none (EBUSY), because the exit records have it: with --events poll ${they} can.`,
  ]
}

/** What the kernel killed in the cgroup of the build, for want of memory. */
export function oomWarnings({ metadata: { limits }, ticks, categories }: Evidence): string[] {
  const kills = growth(ticks.cgroupOomKills)
  if (kills === 0) return []
  const limit = ticks.cgroupLimitKb.last
  const group = limits.cgroup === null || limits.cgroup === '/' ? '' : `, ${limits.cgroup}`
  const whose = limit === undefined ? 'no limit: the host ran out' : `limit ${formatKb(limit)}`
  const [largest] = categories
  const named =
    largest === undefined || largest.peakKb === 0 ? '' : `; the largest category was ${largest.name} with ${formatKb(largest.peakKb)}`
  return [
    `${formatCount(kills, 'OOM kill')} in the memory cgroup of the build${group} (${whose})${named}: the build needs more than it had.`,
  ]
}

/** What the machine did to the build. */
export function hostWarnings({ ticks }: Evidence): string[] {
  const swap = growth(ticks.swapUsedKb)
  const pressure = pressureShare(ticks)
  return [
    ...(pressure > PRESSURE
      ? [`Tasks waited for memory for ${formatShare(pressure, 1)} of the build (PSI): with more memory it would be faster, and larger.`]
      : []),
    ...(swap > SWAP_KB ? [`Swap grew by ${formatKb(swap)}: what is swapped out is in no figure here.`] : []),
  ]
}

/** Work that was not done, or not below the build. */
export function elsewhereWarnings({ processes: { programs } }: Evidence): string[] {
  const said: [names: readonly string[], what: string][] = [
    [CACHES, 'with cache hits the compilers do not run and the peak says nothing about a build without them'],
    [DISTRIBUTED, 'work done on other machines is not counted'],
    [SERVED, 'what a server does for it is counted only where this build started that server'],
    [CONTAINERS, 'what a daemon does for it is not below the build and is not counted'],
  ]
  return said.flatMap(([names, what]) => {
    const seen = names.filter((name) => programs.has(name))
    return seen.length === 0 ? [] : [`${seen.join(' and ')} ran: ${what}.`]
  })
}

const SWAP_KB = 16 * 1024

/** By how much a column grew at most over the recording; 0 where it could not be read. */
function growth({ first = 0, largest = 0 }: Course): number {
  return largest - first
}

function pressureShare({ psiMemorySomeUs, elapsedUs }: TickFacts): number {
  const duration = (elapsedUs.last ?? 0) - (elapsedUs.first ?? 0)
  return duration > 0 ? growth(psiMemorySomeUs) / duration : 0
}
