import type { Peak } from '../../analysis/contract.ts'
import { formatKb } from '../../units.ts'
import { instant } from '../axis.ts'
import type { Chart } from './chart.ts'
import { h } from './dom.ts'

export interface PeakMarker {
  element: HTMLElement
  /** `withDot`: the top of the stack is the overall total, so the peak's height can be pointed at. */
  place(chart: Chart, withDot: boolean): void
}

/** A line over the chart in the DOM, not on the canvas: it follows the colour scheme and can be read. */
export function createPeakMarker(peak: Peak | null): PeakMarker {
  const dot = h('span', { class: 'dot' })
  const label = h('span', { class: 'label' })
  const element = h('div', { class: 'peak-marker', id: 'peak-marker', hidden: true }, dot, label)
  if (peak === null) return { element, place: () => {} }
  const seconds = peak.elapsedUs / 1e6
  label.textContent = `Peak ${formatKb(peak.kb)} at ${instant(seconds)}`
  return {
    element,
    place(chart, withDot) {
      const position = chart.position(seconds, peak.kb)
      element.hidden = position === null
      if (position === null) return
      element.style.left = `${position.left}px`
      element.style.height = `${position.bottom}px`
      dot.hidden = !withDot || !position.onPlot
      dot.style.top = `${position.top}px`
      label.classList.toggle('before', position.left + label.offsetWidth + 12 > position.right)
    },
  }
}
