/** Every column on top of the visible ones before it; a hidden column adds nothing. */
export function cumulate(columns: readonly Float64Array[], visible: readonly boolean[]): Float64Array[] {
  let below: Float64Array | null = null
  return columns.map((column, index) => {
    if (!visible[index]) return column
    const top: Float64Array = below === null ? column : addTo(below, column)
    below = top
    return top
  })
}

/** [upper, lower] indices of visible neighbours: the area between them is the upper one's. The lowest is filled to zero. */
export function neighbors(visible: readonly boolean[]): [upper: number, lower: number][] {
  const shown = visible.flatMap((isVisible, index) => (isVisible ? [index] : []))
  return shown.slice(1).map((upper, position) => [upper, shown[position] ?? 0])
}

function addTo(below: Float64Array, column: Float64Array): Float64Array {
  return column.map((value, point) => value + (below[point] ?? 0))
}
