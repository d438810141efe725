import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Analysis } from '../analysis/contract.ts'
import { MyMonitorError } from '../errors.ts'
import { renderSvg } from './svg.ts'
import type { ReportView } from './view.ts'

const VARIABLE = 'MYMONITOR_CHROMIUM'
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge', 'headless_shell']
const TIMEOUT_MS = 60_000
/** Pixels of the picture for one of the SVG. */
const SCALE = 2
const INSTEAD = 'or use --format svg, which needs none'

/** The SVG as a picture, light, taken by a Chromium that is installed. Throws ERR_MYMONITOR_UNSUPPORTED where there is none, or where it fails. */
export async function renderPng(analysis: Analysis, view: ReportView, env: NodeJS.ProcessEnv): Promise<Uint8Array> {
  const executable = findChromium(env)
  const svg = renderSvg(analysis, view)
  const [, width = '', height = ''] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? []
  const directory = mkdtempSync(join(tmpdir(), 'mymonitor-png-'))
  try {
    const [source, picture] = [join(directory, 'chart.svg'), join(directory, 'chart.png')]
    writeFileSync(source, svg)
    const said = await run(executable, env, [
      '--headless',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--no-first-run',
      // Its sandbox cannot be had as root, and nothing but our own picture without a script is opened.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${join(directory, 'profile')}`,
      '--hide-scrollbars',
      `--force-device-scale-factor=${SCALE}`,
      `--window-size=${width},${height}`,
      `--screenshot=${picture}`,
      `file://${source}`,
    ])
    return readPicture(picture, executable, said)
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

function readPicture(file: string, executable: string, said: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw failure(`${executable} made no picture: ${said}; try it by hand, ${INSTEAD}`, cause)
  }
}

/** The last line that it wrote, or how it ended. */
function run(executable: string, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors = (errors + chunk).slice(-4096)
    })
    child.on('error', (cause) => reject(failure(`cannot run ${executable}: ${cause.message}; correct ${VARIABLE}, ${INSTEAD}`, cause)))
    child.on('close', (code, signal) => {
      const ended = signal === null ? `it ended with ${code}` : `it was killed by ${signal}, after ${TIMEOUT_MS / 1000} s if by us`
      resolve(errors.trim().split('\n').at(-1) || ended)
    })
  })
}

function findChromium(env: NodeJS.ProcessEnv): string {
  const named = env[VARIABLE]
  if (named !== undefined && named !== '') {
    if (isAbsolute(named) && isExecutable(named)) return named
    throw failure(`${VARIABLE} is "${named}": expected the absolute path of a Chromium or Chrome that can be run, ${INSTEAD}`)
  }
  const directories = (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)
  const found = NAMES.flatMap((name) => directories.map((directory) => join(directory, name))).find(isExecutable)
  if (found !== undefined) return found
  throw failure(`--format png needs a Chromium: none of ${NAMES.join(', ')} is in PATH; install one, name it in ${VARIABLE}, ${INSTEAD}`)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function failure(message: string, cause?: unknown): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_UNSUPPORTED', message, { cause })
}
