import type { Color } from '../palette.ts'
import { h } from './dom.ts'

export type Scheme = 'light' | 'dark'

const system = matchMedia('(prefers-color-scheme: dark)')
const listeners: (() => void)[] = []

export function scheme(): Scheme {
  const chosen = document.documentElement.dataset['theme']
  if (chosen === 'light' || chosen === 'dark') return chosen
  return system.matches ? 'dark' : 'light'
}

/** What CSS cannot repaint by itself: the canvas. */
export function onSchemeChange(repaint: () => void): void {
  listeners.push(repaint)
}

export function schemeButton(): HTMLElement {
  const button = h('button', { type: 'button', class: 'quiet', id: 'scheme' })
  const label = () => {
    button.textContent = scheme() === 'dark' ? 'Light colors' : 'Dark colors'
  }
  button.addEventListener('click', () => setScheme(scheme() === 'dark' ? 'light' : 'dark'))
  system.addEventListener('change', changed)
  // Paper is white, whatever the screen was.
  let onScreen: Scheme | undefined
  addEventListener('beforeprint', () => {
    onScreen = document.documentElement.dataset['theme'] as Scheme | undefined
    setScheme('light')
  })
  addEventListener('afterprint', () => setScheme(onScreen))
  onSchemeChange(label)
  label()
  return button
}

/** Lets an element's CSS use a category's colour in both schemes. */
export function paint<E extends HTMLElement>(element: E, color: Color): E {
  element.style.setProperty('--swatch', `light-dark(${color.light}, ${color.dark})`)
  return element
}

export function swatch(color: Color): HTMLElement {
  return paint(h('span', { class: 'swatch', 'aria-hidden': 'true' }), color)
}

function setScheme(value: Scheme | undefined): void {
  if (value === undefined) delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = value
  changed()
}

function changed(): void {
  for (const listener of listeners) listener()
}
