import { isatty } from 'node:tty'
import { loadRecorder } from '../../native.ts'
import { printable } from '../../report/printable.ts'
import { type ColorChoice, type Painter, painter, wantsColor } from './paint.ts'
import { isClosed, writeAll, writeFailure } from './write.ts'

/** The two channels of the command line: results and everything else. */
export interface Ui {
  out: Channel
  err: Channel
}
export interface Channel {
  /** Never throws. */
  write(text: string): void
  /** Whether nothing more comes out of it. */
  closed?(): boolean
  /** Why not everything could be written. */
  failure?(): string | undefined
  paint: Painter
  terminal: boolean
  /** Width of the terminal; null where it is not known. */
  columns?(): number | null
}

/** On stderr, as every tool of Unix says it. The message may quote anything a file or a command line holds. */
export function complain(ui: Ui, message: string): void {
  const text = message.split('\n').map(printable).join('\n')
  ui.err.write(`${ui.err.paint.bold('mymonitor:')} ${text}\n`)
}

export function terminalUi(choice: ColorChoice, env: Readonly<Record<string, string | undefined>>): Ui {
  const channel = (fd: number): Channel => {
    const terminal = isatty(fd)
    const paint = painter(wantsColor(choice, env, terminal))
    return { write: (text) => writeAll(fd, text), closed: () => isClosed(fd), failure: () => writeFailure(fd), paint, terminal }
  }
  return { out: channel(1), err: { ...channel(2), columns: () => loadRecorder().terminalColumns() } }
}
