import type { BaseContext } from 'clipanion'
import type { Ui } from './ui/ui.ts'

/** What a command gets from outside; tests pass their own. */
export interface CliContext extends BaseContext {
  /** Absolute. */
  cwd: string
  ui: Ui
  /** What came after `--`. */
  command: string[] | undefined
  /** Take the signals of this process while builds run. */
  handleSignals: boolean
  /** Standard input of verbs that read it. Default 0. */
  inputFd?: number
}
