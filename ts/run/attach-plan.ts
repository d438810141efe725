import { readFileSync, readlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Config } from '../config/load.ts'
import { MyMonitorError } from '../errors.ts'
import type { RunOptions } from './options.ts'
import { type Level, type Plan, type PlanContext, planOptions } from './plan.ts'

/** A process that runs already. */
export interface Running {
  pid: number
  name: string
  argv: string[]
  cwd: string
}

/** One recording of the tree below `running`, which is left alone. */
export function planAttach(running: Running, config: Config, options: RunOptions, context: PlanContext): Plan {
  const level: Level = {
    project: running.name,
    jobs: null,
    repeat: 1,
    cwd: running.cwd,
    command: running.argv,
    attach: running.pid,
    phases: false,
    output: 'inherit',
    before: null,
    after: null,
  }
  return { ...planOptions(config, options, context), kind: 'attach', levels: [level], events: 'poll' }
}

/** What /proc, or a tree like it, says of the process. Throws ERR_MYMONITOR_USAGE where there is nothing that could be sampled. */
export function runningProcess(pid: number, proc = '/proc'): Running {
  const refuse = (reason: string, next: string): MyMonitorError =>
    new MyMonitorError('ERR_MYMONITOR_USAGE', `cannot attach to ${pid}: ${reason}; ${next}`)
  if (!Number.isInteger(pid) || pid < 1) throw refuse('no process id', 'expected a number from 1, such as that of pgrep -o make')
  if (pid === process.pid) throw refuse('that is mymonitor itself', 'give the process id of a build')
  const read = (file: string): string => {
    try {
      return readFileSync(join(proc, `${pid}`, file), 'utf8')
    } catch {
      throw refuse('there is no such process', 'pgrep -a make lists those called make')
    }
  }
  const status = read('status')
  const field = (name: string): string | undefined => new RegExp(`^${name}:\\t(.*)$`, 'm').exec(status)?.[1]
  const tgid = Number(field('Tgid'))
  if (tgid !== pid) throw refuse(`that is a thread of process ${tgid}`, `mymonitor attach ${tgid}`)
  if (field('VmSize') === undefined)
    throw refuse('it has no memory of its own: a kernel thread, or a process that has ended', 'give the process id of a build')
  // Between the two it may have ended.
  const argv = read('cmdline').split('\0').slice(0, -1)
  const name = field('Name') ?? ''
  return {
    pid,
    name: basename(argv[0] ?? '') || name || 'process',
    argv: argv.length > 0 ? argv : [name],
    cwd: directoryOf(join(proc, `${pid}`)),
  }
}

/** `/` where it may not be known: another user's. */
function directoryOf(process: string): string {
  try {
    return readlinkSync(join(process, 'cwd'))
  } catch {
    return '/'
  }
}
