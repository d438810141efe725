import * as t from 'typanion'
import { shown } from '../config/check.ts'
import { nearest } from '../config/nearest.ts'
import { MyMonitorError } from '../errors.ts'
import type { SampleOptions } from './types.ts'

interface Shape {
  check: (value: unknown) => boolean
  /** Completes "expected …". */
  expected: string
}

const text: Shape = { check: t.isString(), expected: 'a string' }
const flag: Shape = { check: t.isBoolean(), expected: 'true or false' }
const milliseconds: Shape = { check: t.isNumber(), expected: 'a number of milliseconds, such as 50' }
const SHAPES: Readonly<Record<keyof SampleOptions, Shape>> = {
  command: { check: t.isArray(t.isString()), expected: "an array of strings, such as ['make', '-j8']" },
  projects: { check: t.isArray(t.isString()), expected: "an array of names, such as ['linux']" },
  jobs: { check: t.isArray(t.isNumber()), expected: 'an array of numbers, such as [8, 4]' },
  directory: text,
  prepare: text,
  outputDir: text,
  resume: text,
  config: text,
  preClean: flag,
  postClean: flag,
  failFast: flag,
  strict: flag,
  report: flag,
  showOutput: flag,
  logOutput: flag,
  storeArgv: flag,
  noRedact: flag,
  repeat: { check: t.isNumber(), expected: 'a number, such as 3' },
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  metric: { check: t.isEnum(['pss', 'rss'] as const), expected: "'pss' or 'rss'" },
  pss: { check: t.isEnum(['budget', 'full'] as const), expected: "'budget' or 'full'" },
  pssBudgetPercent: { check: t.isNumber(), expected: 'a number of per cent, such as 1' },
  events: { check: t.isEnum(['auto', 'seccomp', 'connector', 'poll'] as const), expected: "'auto', 'seccomp', 'connector' or 'poll'" },
  signal: { check: (value) => value instanceof AbortSignal, expected: 'an AbortSignal' },
}

const WITH_RESUME: readonly (keyof SampleOptions)[] = ['resume', 'signal', 'noRedact']

/** For callers without a compiler: throws ERR_MYMONITOR_USAGE for a name that does not exist and a value of the wrong shape. Undefined counts as not given. */
export function checkOptions(options: SampleOptions): void {
  if (typeof options !== 'object' || options === null)
    throw usage(`options: expected an object, such as { command: ['make'] }, got ${given(options)}`)
  for (const [name, value] of Object.entries(options)) {
    if (!isOption(name)) {
      const near = nearest(name, Object.keys(SHAPES))
      throw usage(`unknown option ${name}; ${near === undefined ? `known are ${Object.keys(SHAPES).join(', ')}` : `did you mean ${near}?`}`)
    }
    const { check, expected } = SHAPES[name]
    if (value !== undefined && !check(value)) throw usage(`${name}: expected ${expected}, got ${given(value)}`)
    if (value !== undefined && options.resume !== undefined && !WITH_RESUME.includes(name))
      throw usage(`resume goes on with the plan of its run, so ${name} cannot be given with it`)
  }
}

function isOption(name: string): name is keyof SampleOptions {
  return Object.hasOwn(SHAPES, name)
}

function given(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || Array.isArray(value) ? shown(value) : String(value)
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
