/** Text of the command line becomes typed values here, once. Every function throws ERR_MYMONITOR_USAGE that says what was given and what is right. */
import { MAX_JOBS } from '../config/schema.ts'
import { MyMonitorError } from '../errors.ts'

const MILLISECONDS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

/** `50ms`, `1.5s`, `30min`, `2h`: milliseconds, more than zero. */
export function parseDuration(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]+)$/.exec(text.trim())
  const factor = MILLISECONDS[match?.[2] ?? '']
  const value = Number(match?.[1]) * (factor ?? Number.NaN)
  if (value > 0) return value
  throw usage(`${option} "${text}": expected a time above zero with a unit (us, ms, s, min, h), such as 50ms or 30min`)
}

/** `8,4,2,1` */
export function parseJobs(option: string, text: string): number[] {
  return text.split(',').map((part) => {
    const level = Number(part)
    if (/^\s*\d+\s*$/.test(part) && level >= 1 && level <= MAX_JOBS) return level
    const given = `${option} "${text}": `
    if (part.trim() === '' && text.trim() !== '')
      throw usage(`${given}nothing before, after or between commas; expected levels such as 8,4,2,1`)
    if (level > MAX_JOBS) throw usage(`${given}${part.trim()} is too large, the highest level is ${MAX_JOBS}`)
    throw usage(`${given}expected whole numbers of at least 1, separated by commas, such as 8,4,2,1`)
  })
}

/** A whole number of at least 1. */
export function parseCount(option: string, text: string): number {
  if (/^\d+$/.test(text.trim()) && Number(text) >= 1) return Number(text)
  throw usage(`${option} "${text}": expected a whole number of at least 1, such as 3`)
}

/** `1`, `0.5` or `1%`: per cent, 0 to 100. */
export function parsePercent(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*%?$/.exec(text.trim())
  const value = Number(match?.[1])
  if (value >= 0 && value <= 100) return value
  throw usage(`${option} "${text}": expected per cent of one CPU from 0 to 100, such as 1`)
}

export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text)
  if (choice !== undefined) return choice
  throw usage(`${option} "${text}": expected ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`)
}

/** `html,json`: each once, in the order given. */
export function parseChoices<T extends string>(option: string, text: string, choices: readonly T[]): T[] {
  return [...new Set(text.split(',').map((part) => parseChoice(option, part.trim(), choices)))]
}

function usage(message: string): MyMonitorError {
  return new MyMonitorError('ERR_MYMONITOR_USAGE', message)
}
