/** A build that succeeded. */
export interface Done {
  jobs: number | null
  durationUs: number
}

/**
 * How long a level will take, from earlier ones of the same project: the median of its own repeats, else the line a + b / jobs through the others (a: what
 * cannot run in parallel), or b / jobs where there is one only or no such line). Null where nothing is known.
 */
export function expectedUs(jobs: number | null, earlier: readonly Done[]): number | null {
  const own = earlier.filter((done) => done.jobs === jobs).map(({ durationUs }) => durationUs)
  if (own.length > 0) return own.sort((a, b) => a - b)[Math.floor(own.length / 2)] ?? null
  const points = earlier.flatMap((done) => (done.jobs === null ? [] : [{ x: 1 / done.jobs, y: done.durationUs }]))
  if (jobs === null || points.length === 0) return null
  const sum = (of: (point: { x: number; y: number }) => number): number => points.reduce((total, point) => total + of(point), 0)
  const [x, y] = [sum((point) => point.x) / points.length, sum((point) => point.y) / points.length]
  const spread = sum((point) => (point.x - x) ** 2)
  const slope = spread === 0 ? 0 : Math.max(0, sum((point) => (point.x - x) * (point.y - y)) / spread)
  const constant = y - slope * x
  if (spread > 0 && constant >= 0) return constant + slope / jobs
  return sum((point) => point.x * point.y) / sum((point) => point.x ** 2) / jobs
}
