/** Runs the built command line on real builds in directories of their own. */

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, onTestFinished, type TestContext } from 'vitest'
import type { Analysis } from '../../ts/analysis/contract.ts'
import type { Metadata } from '../../ts/metadata.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The program with known memory: `cargo build --profile fast -p mymonitor-burner`. */
export const BURNER = existing(process.env['MYMONITOR_BURNER'] ?? join(ROOT, 'target/fast/mymonitor-burner'))

/** `MYMONITOR_E2E_BIN` runs the same tests against an installed package. */
const CLI = process.env['MYMONITOR_E2E_BIN'] ?? join(ROOT, 'dist/cli/main.js')

function existing(path: string): string {
  if (!existsSync(path)) throw new Error(`${path} is missing: npm test builds it`)
  return path
}

/** argv of `mymonitor ARGS`. */
export function mymonitor(...args: string[]): string[] {
  return [process.execPath, existing(CLI), ...args]
}

/** A directory that goes when the test ends. */
export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'mymonitor-e2e-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

const NOBODY = 65534

/** What makes the command behind it an ordinary user's. */
export const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--']

/** Skips a test that cannot become an ordinary user. */
export function needsOrdinaryUser(context: TestContext): void {
  const reason = noOrdinaryUser()
  if (reason) context.skip(reason)
}

/** Why a test cannot become an ordinary user, or null. */
function noOrdinaryUser(): string | null {
  const [setpriv = '', ...as] = AS_NOBODY
  if (process.getuid?.() !== 0) return 'becoming another user needs root'
  if (spawnSync(setpriv, [...as, process.execPath, '-e', ''], { cwd: ROOT }).status !== 0) return 'setpriv is not here or not permitted'
  if (spawnSync(setpriv, [...as, 'test', '-r', join(ROOT, 'package.json')]).status !== 0) return 'the tree is not readable by others'
  return null
}

/** A directory in which an ordinary user may write. */
export function directoryOfNobody(): string {
  const dir = temporary()
  chownSync(dir, NOBODY, NOBODY)
  return dir
}

/** Builds programs of `__test__/fixtures`, to be called beside the tests of a file; a program is null where `cc` cannot build it. */
export function compiler(): (source: string, ...flags: string[]) => string | null {
  const dir = mkdtempSync(join(tmpdir(), 'mymonitor-programs-'))
  chmodSync(dir, 0o755)
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  return (source, ...flags) => {
    const program = join(dir, `${source}${flags.join('')}`)
    const built = spawnSync(process.env['CC'] ?? 'cc', [
      '-O1',
      '-pthread',
      ...flags,
      '-o',
      program,
      join(ROOT, '__test__/fixtures', `${source}.c`),
    ])
    return built.status === 0 ? program : null
  }
}

/** The caller's environment without what the test runner put there. */
function environment(): NodeJS.ProcessEnv {
  const own = /^(VITEST|TEST$|NODE_|TINYPOOL|DEV$|PROD$|MODE$|BASE_URL$|SSR$|MAKEFLAGS$|MFLAGS$|MAKELEVEL$|FORCE_COLOR$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
}

export interface Ended {
  /** As a shell says it: 128 + n after a signal. */
  status: number
  stdout: Buffer
  stderr: Buffer
}

export interface Running {
  child: ChildProcess
  ended: Promise<Ended>
  /** Settles once stdout or stderr holds `text`. */
  shows(text: string): Promise<void>
}

const SIGNALS: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 }

/** Starts `command` in a fresh directory, stdin empty unless asked for. */
export function start(command: string[], options: SpawnOptions = {}): Running {
  const [program, ...args] = command
  const child = spawn(program ?? '', args, { cwd: temporary(), env: environment(), stdio: ['ignore', 'pipe', 'pipe'], ...options })
  onTestFinished(() => void child.kill('SIGKILL'))
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (part: Buffer) => stdout.push(part))
  child.stderr?.on('data', (part: Buffer) => stderr.push(part))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) =>
      resolve({ status: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }),
    )
  })
  const shows = async (text: string) => {
    const shown = () => Buffer.concat([...stdout, ...stderr]).includes(text)
    while (!shown() && child.exitCode === null && child.signalCode === null) await sleep(10)
    if (!shown()) throw new Error(`ended without printing ${text}:\n${Buffer.concat(stderr)}`)
  }
  return { child, ended, shows }
}

export function run(command: string[], options: SpawnOptions = {}): Promise<Ended> {
  return start(command, options).ended
}

export interface Recorded extends Ended {
  /** The recording's directory. */
  dir: string
  metadata: Metadata
}

/** Runs `mymonitor sample FLAGS -- COMMAND` and finds what it recorded. */
export async function record(command: string[], flags: string[] = [], options: SpawnOptions = {}): Promise<Recorded> {
  const output = temporary()
  const ended = await run(mymonitor('sample', '--output-dir', output, '--no-report', ...flags, '--', ...command), options)
  return { ...ended, ...recordingIn(output, ended) }
}

/** The same as an ordinary user, in a directory of his. */
export async function recordAsNobody(command: string[], ...flags: string[]): Promise<Recorded> {
  const dir = directoryOfNobody()
  const output = join(dir, 'out')
  const ended = await run([...AS_NOBODY, ...mymonitor('sample', '--output-dir', output, '--no-report', ...flags, '--', ...command)], {
    cwd: dir,
  })
  return { ...ended, ...recordingIn(output, ended) }
}

/** The one recording below `output`. */
export function recordingIn(output: string, ended?: Ended): { dir: string; metadata: Metadata } {
  const entries = readdirSync(output, { withFileTypes: true, recursive: true })
  const dirs = entries.filter((entry) => entry.name === 'memory_samples.parquet').map((entry) => entry.parentPath)
  const [dir, ...others] = dirs
  if (dir === undefined || others.length > 0) {
    throw new Error(`${dirs.length} recordings below ${output}; status ${ended?.status}\n${ended?.stderr}`)
  }
  return { dir, metadata: JSON.parse(readFileSync(join(dir, 'metadata.json'), 'utf8')) as Metadata }
}

/** What `mymonitor summary --json` says of a recording. */
export async function summary(dir: string): Promise<Analysis> {
  const { status, stdout, stderr } = await run(mymonitor('summary', '--json', dir))
  if (status !== 0) throw new Error(`summary of ${dir} ended with ${status}\n${stderr}`)
  return JSON.parse(stdout.toString()) as Analysis
}

/** One line of the burner's report. */
export interface Burnt {
  scenario: string
  root: { pid: number; rss_kb: number; shared_kb: number }
  processes: {
    pid: number
    size_kb: number
    base_rss_kb: number
    base_shared_kb: number
    rss_kb: number
    shared_kb: number
  }[]
  size_kb?: number
  child?: number
  vm_hwm_kb?: number
}

/** A burner command and, after it ran, what it did. */
export function burner(scenario: string, ...words: string[]): { command: string[]; report: () => Burnt } {
  const file = join(temporary(), 'report.json')
  return { command: [BURNER, scenario, `report=${file}`, ...words], report: () => JSON.parse(readFileSync(file, 'utf8')) as Burnt }
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Whether a process runs; one that has ended and only waits for its parent does not. */
export function alive(pid: number): boolean {
  return commandLine(pid) !== ''
}

/** Children of all threads of a process. */
export function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`)
  return tasks.flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number))
}

/** Processes that run with `marker` in their command line. */
export function processesWith(marker: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => commandLine(pid).includes(marker))
}

/** Signals them; one may end because another has. */
export function killProcessesWith(marker: string, signal: NodeJS.Signals = 'SIGTERM'): void {
  for (const pid of processesWith(marker)) {
    try {
      process.kill(pid, signal)
    } catch {
      // Gone already.
    }
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}

/** An argument for `sleep` that no other process on the machine has. */
export function uniqueSleep(): string {
  return `${60 + Math.floor(Math.random() * 30)}.${Math.floor(Math.random() * 1e9)}`
}
