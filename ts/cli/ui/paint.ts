export type Paint = (text: string) => string

/** The few styles that are used; each is the identity where colours are off. */
export interface Painter {
  bold: Paint
  dim: Paint
  red: Paint
  green: Paint
  yellow: Paint
  cyan: Paint
}

export function painter(colored: boolean): Painter {
  const style =
    (open: number, close: number): Paint =>
    (text) =>
      colored && text !== '' ? `\x1b[${open}m${text}\x1b[${close}m` : text
  return { bold: style(1, 22), dim: style(2, 22), red: style(31, 39), green: style(32, 39), yellow: style(33, 39), cyan: style(36, 39) }
}

export const COLOR_CHOICES = ['auto', 'always', 'never'] as const
export type ColorChoice = (typeof COLOR_CHOICES)[number]

/** The option, then FORCE_COLOR, then NO_COLOR, then whether it is a terminal. */
export function wantsColor(choice: ColorChoice, env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  if (choice !== 'auto') return choice === 'always'
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  if (env['NO_COLOR']) return false
  return terminal && env['TERM'] !== 'dumb'
}
