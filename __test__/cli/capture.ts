import { runCli } from '../../ts/cli/cli.ts'
import { painter } from '../../ts/cli/ui/paint.ts'
import type { Channel, Ui } from '../../ts/cli/ui/ui.ts'

export interface Captured {
  status: number
  out: string
  err: string
}

/** Both channels as text. */
export function capturingUi(options: { terminal?: boolean; colored?: boolean } = {}): { ui: Ui; out: () => string; err: () => string } {
  const texts = { out: '', err: '' }
  const channel = (name: 'out' | 'err'): Channel => ({
    write: (text) => {
      texts[name] += text
    },
    paint: painter(options.colored ?? false),
    terminal: options.terminal ?? false,
  })
  return { ui: { out: channel('out'), err: channel('err') }, out: () => texts.out, err: () => texts.err }
}

/** The whole command line inside this process. */
export async function cli(
  argv: string[],
  cwd: string,
  env: NodeJS.ProcessEnv = { PATH: process.env['PATH'] },
  handleSignals = false,
): Promise<Captured> {
  const { ui, out, err } = capturingUi()
  const status = await runCli(argv, { cwd, env, handleSignals, ui })
  return { status, out: out(), err: err() }
}
