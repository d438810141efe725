/** Wall-clock time where the build ran, from an ISO 8601 start with a zone offset; null if the start is not one. */
export function clockOf(startedAt: string): (seconds: number) => string | null {
  const start = Date.parse(startedAt)
  const zone = /(?:Z|([+-])(\d\d):?(\d\d))$/.exec(startedAt)
  if (Number.isNaN(start) || zone === null) return () => null
  const minutes = zone[1] === undefined ? 0 : (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]))
  return (seconds) => new Date(start + seconds * 1000 + minutes * 60_000).toISOString().slice(11, 19)
}

/** 2026-01-02 03:04:05 +01:00 */
export function readableStart(startedAt: string): string {
  const parts = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(startedAt)
  if (parts === null) return startedAt
  return [parts[1], parts[2], parts[3] === 'Z' ? 'UTC' : parts[3]].filter((part) => part !== undefined).join(' ')
}
