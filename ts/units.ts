/** Formatting of base units; the only place where KiB and microseconds become text. */

const SIZE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** Three significant digits in the largest binary unit that keeps the number at least 1: 812 KiB, 1.46 GiB. */
export function formatKb(kb: number): string {
  let value = kb
  let unit = 0
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
  return `${value.toFixed(digits)} ${SIZE_UNITS[unit]}`
}

/** 0.84 s, 12.3 s, 4 min 05 s, 2 h 03 min. */
export function formatUs(us: number): string {
  const seconds = us / 1e6
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** 50 ms, 13.8 ms. */
export function formatMs(us: number): string {
  return `${Number((us / 1000).toFixed(1))} ms`
}

/** 1 tick, 2 processes, 0 ticks. */
export function formatCount(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** 37.5 % */
export function formatShare(part: number, whole: number): string {
  return whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '–'
}
