import { formatUs } from '../units.ts'

/** Steps of the elapsed-time axis in seconds. */
export const TIME_STEPS = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400,
]

const UNITS = [
  ['KiB', 1],
  ['MiB', 1024],
  ['GiB', 1024 ** 2],
  ['TiB', 1024 ** 3],
] as const
const SIZE_STEPS = [0.1, 0.2, 0.25, 0.5, 1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 256, 500, 512]

/** Round sizes from 0 to max KiB, at most `count` steps apart, all in one unit: 0, 0.5 GiB, 1.0 GiB. */
export function sizeTicks(max: number, count: number): { kb: number[]; labels: string[] } {
  const [unit, factor] = UNITS.findLast(([, kb]) => max >= kb) ?? UNITS[0]
  const step = SIZE_STEPS.find((candidate) => candidate * factor * count >= max && (factor > 1 || candidate >= 1)) ?? 512
  const digits = step < 1 ? (step === 0.25 ? 2 : 1) : 0
  const kb = Array.from({ length: Math.floor(max / (factor * step)) + 1 }, (_, index) => index * step * factor)
  return { kb, labels: kb.map((value, index) => (value === 0 ? '0' : `${(index * step).toFixed(digits)} ${unit}`)) }
}

/** Labels of the time axis: 12.5 s up to two minutes, then 2:05, then 1:02:05, and 1:05 h when the steps are whole minutes. */
export function timeLabel(seconds: number, step: number, end: number): string {
  if (end <= 120) return `${seconds.toFixed(decimals(step))} s`
  const whole = Math.floor(seconds + 1e-9)
  const fraction = step < 1 ? (seconds - whole).toFixed(decimals(step)).slice(1) : ''
  const minutes = Math.floor(whole / 60)
  const tail = `${pad(whole % 60)}${fraction}`
  if (end < 3600) return `${minutes}:${tail}`
  const hours = `${Math.floor(minutes / 60)}:${pad(minutes % 60)}`
  return step >= 60 ? `${hours} h` : `${hours}:${tail}`
}

/** An instant in words: as exact as a tick needs. */
export function instant(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(2)} s`
  return seconds < 3600 ? `${timeLabel(seconds, 0.1, 3599)} min` : timeLabel(seconds, 1, 3600)
}

export function span(fromSeconds: number, toSeconds: number): string {
  return `${instant(fromSeconds)} to ${instant(toSeconds)} (${formatUs((toSeconds - fromSeconds) * 1e6)})`
}

function decimals(step: number): number {
  return step >= 1 ? 0 : step >= 0.1 ? 1 : 2
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
